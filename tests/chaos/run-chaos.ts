import { setTimeout as sleep } from 'node:timers/promises';
import { wireCommand } from '../helpers/lab.ts';
import { inflict } from './inflict.ts';
import type { Plan } from './plan.ts';
import { judge, type Violation } from './verdict.ts';
import { GRACE_S, LAB, openWorld, type World } from './world.ts';
import { errorsIn, tell } from './tell.ts';

/** How a run went. */
export interface ChaosResult {
  readonly violations: readonly Violation[];
  /** What a person wants to know of a run that went wrong; of one that did not, its figures. */
  readonly report: string;
}

export interface ChaosOptions {
  readonly plan: Plan;
  /** Told how far it is, every ten seconds. */
  readonly onProgress?: (line: string) => void;
}

/** After the last fault something must end in any such time, until everything has: what lost its worker waits for the grace. */
const STILL_MS = (GRACE_S + 30) * 1000;
const PROGRESS_MS = 10_000;

/** Plays a plan on a lab of its own, lets the lab heal, and judges what happened. */
export async function runChaos({ plan, onProgress = () => {} }: ChaosOptions): Promise<ChaosResult> {
  const world = await openWorld();
  let keepLogs = true;
  const progress = setInterval(() => onProgress(progressOf(world, plan)), PROGRESS_MS);
  try {
    const beganAt = Date.now();
    await play(world, plan, beganAt);
    const ending = await heal(world, plan);
    const { hub, power } = world;
    const lines = power.lines();
    const graceMs = GRACE_S * 1000;
    const found = judge({ plan, events: hub.history, lines, beganAt, graceMs, errors: errorsIn(world) });
    const violations = [...found, ...[...ending, ...world.troubles].map((text) => ({ text, ids: [] }))];
    keepLogs = violations.length > 0;
    return { violations, report: tell({ plan, beganAt, world, lines, violations }) };
  } finally {
    clearInterval(progress);
    await world.close({ keepLogs });
  }
}

async function play(world: World, plan: Plan, beganAt: number): Promise<void> {
  const until = (atMs: number): Promise<void> => sleep(Math.max(0, beganAt + atMs - Date.now()));
  const faults = plan.faults.map(async (planned) => {
    await until(planned.atMs);
    await inflict(world, planned);
  });
  const commands = async (): Promise<void> => {
    for (const { atMs, outcome, ...command } of plan.commands) {
      await until(atMs);
      if (outcome !== undefined) world.hub.decide(command.id, outcome);
      world.hub.queue(wireCommand(command));
    }
  };
  await Promise.all([...faults, commands()]);
}

/** Waits for the end of everything, and ends the lab in order; gives what did not come to its end. */
async function heal(world: World, plan: Plan): Promise<string[]> {
  const { hub, members, onlooker } = world;
  const queue = `beaker.commands.${LAB}`;
  const isOver = async (): Promise<boolean> => hub.allEnded() && (await onlooker.depth(queue)) === 0;
  let steps = hub.history.length;
  let deadline = Date.now() + STILL_MS;
  while (!(await isOver()) && Date.now() < deadline) {
    await sleep(500);
    if (hub.history.length > steps) deadline = Date.now() + STILL_MS;
    steps = hub.history.length;
  }
  const left = await onlooker.depth(queue);
  const dead = await onlooker.depth(`${queue}.dead`);
  await Promise.all([...members.values()].map((member) => member.stop()));
  return [
    ...(hub.history.length < plan.commands.length ? ['not every command was queued'] : []),
    ...(left > 0 ? [`${left} messages stayed in ${queue}`] : []),
    ...(dead > 0 ? [`${dead} messages are among the dead letters`] : []),
  ];
}

function progressOf({ hub, onlooker }: World, plan: Plan): string {
  const latest = new Map(hub.history.map(({ id, status }) => [id, status]));
  const count = (...statuses: readonly string[]): number =>
    [...latest.values()].filter((status) => statuses.includes(status)).length;
  return [
    `queued ${count('Queued')}`,
    `running ${count('Running')}`,
    `ended ${count('Completed', 'Failed', 'Aborted', 'Gone')} of ${plan.commands.length}`,
    `messages ${onlooker.heard}`,
  ].join(', ');
}
