import type { RelayAnnouncement, WorkerAnnouncement } from '../broker/announcement-message.ts';
import type { Heard, Roster } from '../roster/roster.ts';

/** What is known of a lab at one moment. */
export interface LabView {
  readonly lab: string;
  readonly relays: readonly RelayAnnouncement[];
  readonly workers: readonly (WorkerAnnouncement & { readonly isSilent: boolean })[];
}

export function viewOf(lab: string, roster: Roster): LabView {
  const workers = roster.workers().filter(({ last }) => !last.isLeaving);
  return {
    lab,
    relays: roster.relays().map(({ last }) => last),
    workers: workers.map((heard: Heard<WorkerAnnouncement>) => ({
      ...heard.last,
      isSilent: roster.isSilent(heard),
    })),
  };
}

/** The lab as lines of text: relays, workers, what runs, and what waits, the longest line first. */
export function renderLab({ lab, relays, workers }: LabView, nowMs: number): readonly string[] {
  if (relays.length + workers.length === 0) {
    return [`lab ${lab}: nobody answers; start a worker with this LAB and AMQP_URL`];
  }
  const running = workers.flatMap(({ running, name }) => running.map((command) => ({ ...command, name })));
  return [
    `lab ${lab}`,
    '',
    ...table(['RELAY', 'STATE', 'WAITING', 'PUBLISHED', 'RUNNING'], relays.map(relayCells)),
    '',
    ...table(['WORKER', 'MODE', 'RUNNING', 'WAITING', ''], workers.map(workerCells)),
    '',
    ...table(
      ['RUNNING', 'SYSTEM', 'POWER ADDRESS', 'ACTION', 'STAGE', 'FOR', 'WORKER'],
      running.map(({ id, fqdn, address, action, stage, sinceMs, name }) => [
        ...[String(id), fqdn, address, action, stage],
        ...[`${Math.max(0, Math.round((nowMs - sinceMs) / 1000))} s`, name],
      ]),
    ),
    '',
    ...table(['WAITING FOR', 'COMMANDS'], waitingCells(relays, workers)),
  ];
}

function relayCells({ name, isLeading, trouble, ...counts }: RelayAnnouncement): readonly string[] {
  const state = trouble ?? (isLeading ? 'leads' : 'stands by');
  return [name, state, ...[counts.waiting, counts.published, counts.running].map(String)];
}

function workerCells(worker: LabView['workers'][number]): readonly string[] {
  const { name, mode, running, concurrency, waiting, isPrimary, isSilent } = worker;
  const notes = [isPrimary ? 'primary' : '', isSilent ? 'silent' : ''].filter((note) => note !== '');
  const inLine = Object.values(waiting).flat().length;
  return [name, mode, `${running.length} of ${concurrency}`, String(inLine), notes.join(', ')];
}

/** A command may wait at the relay or at a worker. */
function waitingCells(
  relays: readonly RelayAnnouncement[],
  workers: LabView['workers'],
): readonly (readonly string[])[] {
  const bySystem = new Map<string, number>();
  const add = (fqdn: string, count: number): void =>
    void bySystem.set(fqdn, (bySystem.get(fqdn) ?? 0) + count);
  for (const { longest } of relays) for (const [fqdn, count] of Object.entries(longest)) add(fqdn, count);
  for (const { waiting } of workers) for (const [fqdn, ids] of Object.entries(waiting)) add(fqdn, ids.length);
  const sorted = [...bySystem].sort(([, a], [, b]) => b - a);
  return sorted.slice(0, LONGEST).map(([fqdn, count]) => [fqdn, String(count)]);
}

const LONGEST = 20;

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
