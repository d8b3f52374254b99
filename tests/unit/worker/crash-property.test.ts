import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Command, isRepeatable } from '../../../src/command.ts';
import { Journal } from '../../../src/report/journal.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { type Behaviour, BEHAVIOURS } from '../../helpers/fake-hub.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { type Circumstances, Lab } from './lab.ts';
import { Life } from './life.ts';

interface Spec {
  readonly fqdn: string;
  readonly address: string;
  readonly action: 'on' | 'off' | 'reboot' | 'interrupt';
  readonly quiescentPeriodS: number;
  readonly fails: boolean;
}

const specs: fc.Arbitrary<Spec[]> = fc.array(
  fc.record({
    fqdn: fc.constantFrom('a.lab', 'b.lab'),
    address: fc.constantFrom('', 'pdu'),
    action: fc.constantFrom('on', 'off', 'reboot', 'interrupt'),
    quiescentPeriodS: fc.constantFrom(0, 0, 0.005),
    fails: fc.boolean(),
  }),
  { minLength: 1, maxLength: 3 },
);

describe('a worker that dies', () => {
  it('gives every command one end, whichever step of its work was the last', async () => {
    const second = fc.integer({ min: 1, max: 12 });
    await fc.assert(
      fc.asyncProperty(specs, fc.boolean(), second, async (commands, arePushed, secondDeath) => {
        for (let step = 1; ; step += 1) {
          const { deaths } = await live(commands, { arePushed, deaths: [step, secondDeath] });
          if (deaths === 0) return;
        }
      }),
      { numRuns: 5 },
    );
  }, 120_000);

  it('gives every command one end, however the hub behaves besides', async () => {
    const troubles = fc.array(fc.constantFrom<Behaviour>(...BEHAVIOURS, 'lose the answer'), {
      maxLength: 30,
    });
    const deaths = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(specs, fc.boolean(), troubles, deaths, async (commands, arePushed, ...fate) => {
        const [behaviours, plan] = fate;
        await live(commands, { arePushed, deaths: plan, behaviours });
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});

interface Fate {
  readonly arePushed: boolean;
  /** After how many steps each life ends; the one after the last ends when all is done. */
  readonly deaths: readonly number[];
  /** How the hub takes one call after the other, before it simply answers. */
  readonly behaviours?: readonly Behaviour[];
}

/** Lives until everything is done, and looks whether all is as it must be; tells how often it died before. */
async function live(
  specs: readonly Spec[],
  { arePushed, deaths, behaviours = [] }: Fate,
): Promise<{ deaths: number }> {
  const commands = specs.map((spec, index) => powerCommand({ ...spec, id: index + 1 }));
  const failing = new Set(commands.filter((_, index) => specs[index]?.fails).map(({ id }) => id));
  const lab = new Lab(commands, { failing, arePushed });
  const troubles = [...behaviours];
  lab.hub.behave = (call) => {
    const next = troubles.shift() ?? 'answer';
    // Enough faults would make a claim final, which ends the lanes' order.
    return call === 'claim' && next === 'fault' ? 'be away' : next;
  };
  const dir = tempDir();
  let died = 0;
  try {
    for (const diesAfter of [...deaths, Infinity]) {
      const life = new Life({ lab, stateDir: dir.path, diesAfter });
      await nextTurnUntil(
        () => life.isOver() || (isDone(lab, commands, arePushed) && life.journaled === 0),
        () => stateOf(lab, commands),
      );
      const hasDied = life.isOver();
      life.end();
      if (!hasDied) break;
      died += 1;
    }
    const journal = new Journal(dir.path);
    expectAllWell(lab, commands, { failing, arePushed, deaths: died, journal });
    journal.close();
    return { deaths: died };
  } finally {
    dir.remove();
  }
}

function isDone(lab: Lab, commands: readonly Command[], arePushed: boolean): boolean {
  return (
    lab.unsettled.length === 0 &&
    commands.every(({ id }) => lab.hub.outcome(id) && (!arePushed || lab.answers(id).length > 0))
  );
}

interface Expected extends Circumstances {
  readonly deaths: number;
  readonly journal: Journal;
}

function expectAllWell(
  lab: Lab,
  commands: readonly Command[],
  { failing, arePushed, deaths, journal }: Expected,
): void {
  expect(lab.wrongs).toEqual([]);
  for (const { id, action } of commands) {
    const times = lab.begun.filter((begun) => begun === id).length;
    const status = lab.hub.status(id);
    const regular = failing.has(id) ? 'failed' : 'completed';
    if (isRepeatable(action)) {
      expect([id, status]).toEqual([id, regular]);
      expect(times).toBeLessThanOrEqual(1 + deaths);
    } else {
      expect([regular, 'aborted']).toContain(status);
      expect(times).toBeLessThanOrEqual(1);
      if (deaths === 0) expect(status).toBe(regular);
    }
    expect(lab.endings(id).length).toBeLessThanOrEqual(1);
    for (const answer of lab.answers(id)) expect(answer.status).toBe(status);
    if (deaths === 0) expect(lab.answers(id)).toHaveLength(arePushed ? 1 : 0);
  }
  for (const [fqdn, endedAt] of lab.lastEnds) {
    expect(journal.lastPowerEnd(fqdn)).toBeGreaterThanOrEqual(endedAt);
  }
}

async function nextTurnUntil(condition: () => boolean, state: () => string): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`nothing moves any more: ${state()}`);
    await nextTurn();
  }
}

function stateOf(lab: Lab, commands: readonly Command[]): string {
  const states = commands.map(({ id, action, fqdn }) => `${id} ${action} ${fqdn} ${lab.hub.status(id)}`);
  return `${states.join(', ')}; begun ${lab.begun.join(' ')}; unsettled ${lab.unsettled.join(' ')}`;
}
