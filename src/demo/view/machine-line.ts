import type { BoardCommand } from '../board.ts';
import { type Machine, machineNamed } from '../lab.ts';
import { bold, cyan, dim, green, type Line, plain, red, type Span, yellow } from './line.ts';
import { inSeconds, reasonOf } from './scene.ts';

export interface MachineLineOptions {
  readonly machine: Machine;
  /** All commands of the show, by id. */
  readonly commands: readonly BoardCommand[];
  readonly nowMs: number;
}

/** A machine: whether it is on, what is being done to it or why it waits, and what comes then. */
export function machineLine({ machine, commands, nowMs }: MachineLineOptions): Line {
  const own = commands.filter(({ fqdn }) => fqdn === machine.fqdn);
  const running = own.find(({ status }) => status === 'Running');
  const waiting = own.filter(({ status }) => status === 'Queued');
  const [next] = waiting;
  const doing =
    running !== undefined
      ? progress(running, machine, nowMs)
      : next !== undefined
        ? whyItWaits(next, { machine, commands, nowMs })
        : lastEnd(own);
  const then = running === undefined ? waiting : [undefined, ...waiting];
  return [
    bold(machine.fqdn.padEnd(9)),
    ...lamp(own, running),
    ...column(doing, DOING_WIDTH),
    ...upNext(then),
  ];
}

const DOING_WIDTH = 26;
const BAR_WIDTH = 12;

function lamp(own: readonly BoardCommand[], running: BoardCommand | undefined): Line {
  if (running !== undefined) return [yellow('◐    ')];
  const last = own.filter(({ status }) => status === 'Completed').at(-1);
  if (last === undefined) return [dim('·    ')];
  return last.action === 'on' ? [green('● '), plain('on ')] : [dim('○ off')];
}

function progress({ action, startedAtMs = 0 }: BoardCommand, { switchS }: Machine, nowMs: number): Line {
  const elapsedMs = Math.max(0, nowMs - startedAtMs);
  const filled = Math.min(BAR_WIDTH, Math.round((elapsedMs / (switchS * 1000)) * BAR_WIDTH));
  return [
    yellow(`${action.padEnd(4)}${'━'.repeat(filled)}`),
    dim('─'.repeat(BAR_WIDTH - filled)),
    plain(` ${inSeconds(elapsedMs)}`),
  ];
}

function whyItWaits(next: BoardCommand, { machine, commands, nowMs }: MachineLineOptions): Line {
  const ahead = commands.find(
    ({ id, fqdn, finishedAtMs }) =>
      id < next.id && finishedAtMs === undefined && machineNamed(fqdn).powerAddress === machine.powerAddress,
  );
  if (ahead !== undefined) return [dim(`waits for ${ahead.fqdn}`)];
  const delayedMs = next.queuedAtMs + next.delayS * 1000 - nowMs;
  if (delayedMs > 0) return [cyan(`in ${inSeconds(delayedMs)}`)];
  const restMs = lastSwitchMs(machine, commands) + machine.restS * 1000 - nowMs;
  if (machine.restS > 0 && restMs > 0) return [cyan(`rests ${inSeconds(restMs)} more`)];
  return [dim(machine.restS > 0 ? 'rests' : 'picked up next')];
}

function lastSwitchMs({ fqdn }: Machine, commands: readonly BoardCommand[]): number {
  return Math.max(
    0,
    ...commands.filter((command) => command.fqdn === fqdn).map(({ finishedAtMs = 0 }) => finishedAtMs),
  );
}

function lastEnd(own: readonly BoardCommand[]): Line {
  const last = own.at(-1);
  if (last === undefined) return [];
  const { status, action, message, startedAtMs = 0, finishedAtMs = 0 } = last;
  if (status !== 'Completed') return [red(`✗ ${action} ${status.toLowerCase()}: ${reasonOf({ message })}`)];
  return [dim(`✓ ${action} in ${inSeconds(finishedAtMs - startedAtMs, 2)}`)];
}

/** What waits behind what the line tells already. */
function upNext(commands: readonly (BoardCommand | undefined)[]): Line {
  const actions = commands.flatMap((command) => (command === undefined ? [] : [command.action]));
  return actions.length === 0 ? [] : [dim('next '), cyan(actions.join(' · '))];
}

/** The spans, filled up to a column of `width`; what is longer pushes the rest of the line to the right. */
function column(spans: Line, width: number): readonly Span[] {
  const used = spans.reduce((sum, { text }) => sum + text.length, 0);
  return [plain(' '), ...spans, plain(' '.repeat(Math.max(1, width - used)))];
}
