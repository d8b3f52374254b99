import type { RelayAnnouncement } from '../broker/announcement.ts';
import { printableCell } from '../printable.ts';
import type { LabView, LaneView, SeenWorker } from './lab-view.ts';

/** The lab as lines of text: what is wrong, relays, workers, lanes, and how the last commands ended. */
export function renderLab(
  { lab, troubles, relays, workers, lanes, last }: LabView,
  nowMs: number,
): readonly string[] {
  const ago = (ms: number): string => `${Math.max(0, Math.round((nowMs - ms) / 1000))} s`;
  return [
    `lab ${lab}${troubles.length === 0 ? ', all well' : ''}`,
    ...troubles.map((trouble) => `! ${trouble}`),
    '',
    ...table(['RELAY', 'STATE', 'WAITING', 'PUBLISHED', 'RUNNING'], relays.map(relayCells)),
    '',
    ...table(['WORKER', 'MODE', 'RUNNING', 'WAITING', ''], workers.map(workerCells)),
    '',
    ...table(
      ['LANE', 'WAITING', 'RUNNING', 'FOR', 'WORKER'],
      shown(lanes).map((lane) => laneCells(lane, ago)),
    ),
    ...(lanes.length > shown(lanes).length ? [`and ${lanes.length - shown(lanes).length} more lanes`] : []),
    '',
    ...table(
      ['ENDED', 'SYSTEM', 'ACTION', 'STATUS', 'AGO', 'WORKER', ''],
      last.map(({ id, fqdn, action, status, endedMs, worker, message = '' }) => [
        ...[String(id), fqdn, action, status, ago(endedMs), worker, firstLine(message)],
      ]),
    ),
  ].map(printableCell);
}

const LANES = 20;

/** A system that runs or waits for its power controller is seen in the lane of that. */
function shown(lanes: readonly LaneView[]): readonly LaneView[] {
  return lanes.slice(0, LANES);
}

function relayCells({ name, isLeading, ...counts }: RelayAnnouncement): readonly string[] {
  const state = isLeading ? 'leads' : 'stands by';
  return [name, state, ...[counts.waiting, counts.published, counts.running].map(String)];
}

function workerCells({
  name,
  mode,
  running,
  concurrency,
  waiting,
  isPrimary,
  isSilent,
}: SeenWorker): readonly string[] {
  const notes = [isPrimary ? 'primary' : '', isSilent ? 'silent' : ''].filter((note) => note !== '');
  const inLine = Object.values(waiting).flat().length;
  return [name, mode, `${running.length} of ${concurrency}`, String(inLine), notes.join(', ')];
}

function laneCells({ lane, waiting, running }: LaneView, ago: (ms: number) => string): readonly string[] {
  const [kind = '', name = ''] = lane.split(/:(.*)/s);
  const [first] = running;
  return [
    `${kind} ${name}`,
    String(waiting),
    first === undefined ? '' : `${first.id} ${first.action} ${first.stage}`,
    first === undefined ? '' : ago(first.sinceMs),
    first?.worker ?? '',
  ];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [head, ...(rows.length === 0 ? [['none']] : rows)];
  const widths = head.map((_cell, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
