import type { BoardCommand } from '../board.ts';
import { type Machine, MACHINES } from '../lab.ts';
import { pickUpOf } from '../pick-up.ts';
import { bold, cyan, dim, green, type Line, plain, red, spread, yellow } from './line.ts';
import { machineLine } from './machine-line.ts';
import { inSeconds, modeText, reasonOf, type Scene } from './scene.ts';

/** Everything that there is to see at the moment `nowMs`, for a terminal of `width` columns; fits into 24 rows. */
export function frame(scene: Scene, { nowMs, width }: { nowMs: number; width: number }): readonly Line[] {
  return [
    title(scene, nowMs, width),
    counts(scene.commands, width),
    [],
    [cyan('▸ '), bold(scene.caption)],
    [],
    ...MACHINES.map((machine, index) => [
      ...lane(index),
      ...machineLine({ machine, commands: scene.commands, nowMs }),
    ]),
    [],
    ...lastEnds(scene),
  ];
}

const ENDS_SHOWN = 4;

function title(scene: Scene, nowMs: number, width: number): Line {
  const { lab, mode, startedAtMs } = scene;
  const modeStyle = mode === 'push' ? green : yellow;
  return spread(
    [bold('beaker-provision'), plain(' '), dim(`lab ${lab}`)],
    [modeStyle(`● ${modeText(scene)}`), dim(`  ${inSeconds(nowMs - startedAtMs)}`)],
    width,
  );
}

function counts(commands: readonly BoardCommand[], width: number): Line {
  const count = (...statuses: readonly string[]): string =>
    String(commands.filter(({ status }) => statuses.includes(status)).length);
  const failed = count('Failed', 'Aborted');
  const { count: unhindered, medianMs, maxMs } = pickUpOf(commands);
  return spread(
    [
      ...[yellow(count('Running').padStart(2)), dim(' running  ')],
      ...[cyan(count('Queued').padStart(2)), dim(' waiting  ')],
      ...[green(count('Completed').padStart(2)), dim(' done  ')],
      ...[failed === '0' ? dim('0') : red(failed), dim(' failed')],
    ],
    unhindered === 0
      ? []
      : [dim('pick-up '), plain('median '), bold(String(medianMs)), plain(`, max ${maxMs} ms`)],
    width,
  );
}

/** The power address and, where machines share it, the bracket that makes them one lane. */
function lane(index: number): Line {
  const at = (where: number): Machine['powerAddress'] | undefined => MACHINES[where]?.powerAddress;
  const address = at(index) ?? '';
  const joinsAbove = at(index - 1) === address;
  const joinsBelow = at(index + 1) === address;
  const bracket = joinsAbove ? (joinsBelow ? '├─' : '└─') : joinsBelow ? '┬─' : '──';
  return [plain((joinsAbove ? '' : address).padEnd(10)), dim(`${bracket} `)];
}

function lastEnds({ commands, startedAtMs }: Scene): readonly Line[] {
  return commands
    .filter(({ finishedAtMs }) => finishedAtMs !== undefined)
    .sort((one, other) => (other.finishedAtMs ?? 0) - (one.finishedAtMs ?? 0))
    .slice(0, ENDS_SHOWN)
    .map((command) => endLine(command, startedAtMs));
}

function endLine(command: BoardCommand, showStartedAtMs: number): Line {
  const { fqdn, action, status, queuedAtMs, startedAtMs = 0, finishedAtMs = 0 } = command;
  const when = dim(inSeconds(finishedAtMs - showStartedAtMs).padStart(8));
  const what = plain(`  ${fqdn.padEnd(8)} ${action.padEnd(4)}`);
  if (status !== 'Completed')
    return [when, red('  ✗'), what, red(`${status.toLowerCase()}: ${reasonOf(command)}`)];
  const waited = inSeconds(startedAtMs - queuedAtMs, 3);
  return [
    when,
    green('  ✓'),
    what,
    dim(`waited ${waited}, took ${inSeconds(finishedAtMs - startedAtMs, 2)}`),
  ];
}
