import type { Command } from '../command.ts';
import type { Troubles } from '../troubles.ts';

/** Names the systems that reboots have left off, for `status`. */
export class SystemsOff {
  readonly #troubles: Pick<Troubles, 'set' | 'clear'>;

  constructor(troubles: Pick<Troubles, 'set' | 'clear'>) {
    this.#troubles = troubles;
  }

  /** The reboot was cut short after it had switched its system off; the rest of it follows. */
  isOff({ id, fqdn }: Command): void {
    const text = `${fqdn} is off: its reboot ${id} was cut short by a stop of the worker, which switches it on after its next start`;
    this.#troubles.set(keyOf(fqdn), text);
  }

  /** As `isOff`, but the reboot was ended at the hub meanwhile, and the worker must not go on with it. */
  staysOff({ id, fqdn }: Command): void {
    const text = `${fqdn} is off: its reboot ${id} was cut short by a stop of the worker, and then ended at the hub; queue an on`;
    this.#troubles.set(keyOf(fqdn), text);
  }

  /** A command for the system has ended, whatever it came to. */
  ended({ fqdn, action }: Command): void {
    if (action === 'on' || action === 'reboot') this.#troubles.clear(keyOf(fqdn));
  }
}

function keyOf(fqdn: string): string {
  return `off ${fqdn.toLowerCase()}`;
}
