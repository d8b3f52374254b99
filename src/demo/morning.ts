import type { QueueRequest } from '../queue-client/server-client.ts';
import { MACHINES } from './lab.ts';

/** A part of the show: what is told, what is queued all at once, and how long it is watched at most. */
export interface Act {
  readonly caption: string;
  readonly requests: readonly QueueRequest[];
  readonly watchS: number;
}

/** A lab's morning. It goes the same way every time, so that what it must come to is known. */
export const MORNING: readonly Act[] = [
  {
    caption: 'Good morning: every machine is switched on.',
    requests: MACHINES.map(({ fqdn }) => ({ fqdn, action: 'on' })),
    watchS: 3.5,
  },
  {
    caption: 'Four reboots, off and on. Different machines do not wait for each other.',
    requests: reboots('b1', 'c1', 'd1', 'd2'),
    watchS: 3.5,
  },
  {
    caption: 'Rack A is power-cycled, one by one behind its PDU. d1 is not held up.',
    requests: [
      ...each('off', 'a1', 'a2', 'a3', 'a4'),
      ...each('on', 'a1', 'a2', 'a3', 'a4'),
      ...reboots('d1', 'd1'),
    ],
    watchS: 3.5,
  },
  {
    caption: 'd2 is to go off in 3 s; d3 must rest for 2 s between two power commands.',
    requests: [{ fqdn: 'd2.demo', action: 'off', delay: 3 }, ...reboots('d3')],
    watchS: 2,
  },
  {
    caption: 'The outlet of c2 is stuck: its off fails, and the hub is told why.',
    requests: [...each('off', 'c2'), ...reboots('c1')],
    watchS: 3,
  },
  {
    caption: 'Rush hour: a busy PDU delays its own machines, and nobody else.',
    requests: [
      ...reboots('a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'b3', 'c1', 'd1', 'd2', 'd3'),
      ...reboots('a1', 'a2', 'b1', 'b2', 'c1', 'd1', 'd2'),
    ],
    watchS: 0,
  },
];

/** Played last, and only when the broker is ours to stop. */
export const WITHOUT_BROKER: Act = {
  caption: 'The broker is dead: the worker polls instead. Slower, but nothing is lost.',
  requests: reboots('a1', 'b1', 'c1', 'd1'),
  watchS: 0,
};

/** Whether the command is one that cannot succeed in this lab. */
export function mustFail({ fqdn, action }: Pick<QueueRequest, 'fqdn' | 'action'>): boolean {
  return fqdn === 'c2.demo' && action === 'off';
}

function reboots(...names: readonly string[]): readonly QueueRequest[] {
  return names.flatMap((name) => [...each('off', name), ...each('on', name)]);
}

function each(action: 'on' | 'off', ...names: readonly string[]): readonly QueueRequest[] {
  return names.map((name) => ({ fqdn: `${name}.demo`, action }));
}
