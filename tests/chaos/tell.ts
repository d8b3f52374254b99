import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScriptLine } from '../helpers/history-checker.ts';
import { MEMBERS, type Fault, type Plan } from './plan.ts';
import type { Violation } from './verdict.ts';
import type { World } from './world.ts';

export interface ToTell {
  readonly plan: Plan;
  readonly beganAt: number;
  readonly world: World;
  readonly lines: readonly ScriptLine[];
  readonly violations: readonly Violation[];
}

const VIOLATIONS = 20;
const TRACED = 4;
const LINES = 120;

/** The figures of a run; when it went wrong, also what happened to whom, where the logs are, and how to repeat it. */
export function tell(run: ToTell): string {
  const { plan, violations, world } = run;
  const figures = figuresOf(run);
  if (violations.length === 0) return figures;
  const traced = [...new Set(violations.flatMap(({ ids }) => ids))].slice(0, TRACED);
  return [
    `seed ${plan.seed}: ${violations.length} violations`,
    ...violations.slice(0, VIOLATIONS).map(({ text }) => `  ${text}`),
    ...traced.flatMap((id) => traceOf(id, run)),
    '--- faults ---',
    ...plan.faults.map(({ atMs, forMs, fault }) => `${stamp(atMs)}  ${wordsOf(fault)} for ${forMs} ms`),
    figures,
    `logs: ${world.logDir}`,
    `again: npm run chaos -- --seed ${plan.seed} --minutes ${plan.durationMs / 60_000}`,
  ].join('\n');
}

function figuresOf({ plan, world, lines }: ToTell): string {
  const ends = (status: string): number =>
    world.hub.history.filter((event) => event.status === status).length;
  const orphans = world.hub.history.filter(({ message }) => message === 'Command orphaned, aborting').length;
  return [
    `seed ${plan.seed}: ${plan.commands.length} commands, ${plan.faults.length} faults`,
    `${ends('Completed')} completed, ${ends('Failed')} failed, ${ends('Aborted')} aborted (${orphans} as orphans)`,
    `${lines.filter(({ event }) => event === 'start').length} scripts, ${world.onlooker.heard} messages`,
  ].join('; ');
}

/** All that is known of a command, in the order of time. */
function traceOf(id: number, { plan, beganAt, world, lines }: ToTell): string[] {
  const since = (atMs: number): string => stamp(atMs - beganAt);
  const planned = plan.commands.find((command) => command.id === id);
  const told = [
    ...world.hub.history
      .filter((event) => event.id === id)
      .map(({ atMs, status, message }) => ({ atMs, text: `hub     ${status} ${message ?? ''}` })),
    ...lines
      .filter((line) => line.id === id)
      .map(({ atMs, event, mode, pid }) => ({ atMs, text: `script  ${event} ${mode} (${pid})` })),
    ...MEMBERS.flatMap((name) => logLines(join(world.logDir, name), id, name)),
  ];
  return [
    `--- command ${id}: ${JSON.stringify(planned)} ---`,
    ...told
      .sort((a, b) => a.atMs - b.atMs)
      .slice(0, LINES)
      .map(({ atMs, text }) => `${since(atMs)}  ${text}`),
  ];
}

function logLines(file: string, id: number, name: string): { atMs: number; text: string }[] {
  const names = new RegExp(`"id":${id}[,}]|"ids":\\[[^\\]]*\\b${id}\\b`);
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{') && names.test(line))
    .map((line) => {
      const { time, ...rest } = JSON.parse(line) as { time: string };
      return { atMs: Date.parse(time), text: `${name}      ${JSON.stringify(rest).slice(0, 200)}` };
    });
}

function wordsOf({ kind, ...rest }: Fault): string {
  return [kind, ...Object.values<unknown>(rest)].map(String).join(' ');
}

function stamp(ms: number): string {
  return `${(ms / 1000).toFixed(3).padStart(9)} s`;
}
