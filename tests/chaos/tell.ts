import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ScriptLine } from '../helpers/history-checker.ts';
import { MEMBERS, type Fault, type MemberName, type Plan } from './plan.ts';
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
    `seed ${plan.seed}: ${plan.commands.length} commands, ${plan.faults.length} faults (${kindsOf(plan)})`,
    `${ends('Completed')} completed, ${ends('Failed')} failed, ${ends('Aborted')} aborted (${orphans} as orphans), ${ends('Gone')} moved, ${ends('Refused')} times refused`,
    `${lines.filter(({ event }) => event === 'start').length} scripts, ${world.onlooker.heard} messages`,
  ].join('; ');
}

/** How often each kind of fault was inflicted. */
function kindsOf({ faults }: Plan): string {
  const counts = new Map<string, number>();
  for (const { fault } of faults) counts.set(fault.kind, (counts.get(fault.kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
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
    ...MEMBERS.flatMap((name) => linesAbout(id, name, world)),
  ];
  return [
    `--- command ${id}: ${JSON.stringify(planned)} ---`,
    ...told
      .sort((a, b) => a.atMs - b.atMs)
      .slice(0, LINES)
      .map(({ atMs, text }) => `${since(atMs)}  ${text}`),
  ];
}

function linesAbout(id: number, name: MemberName, world: World): { atMs: number; text: string }[] {
  const names = new RegExp(`"id":${id}[,}]|"ids":\\[[^\\]]*\\b${id}\\b`);
  const clock = world.members.get(name)?.clock;
  return logOf(name, world)
    .filter(({ text }) => names.test(text))
    .map(({ line: { time, ...rest } }) => {
      const shownMs = Date.parse(time);
      return {
        atMs: clock?.trueTime(shownMs) ?? shownMs,
        text: `${name}      ${JSON.stringify(rest).slice(0, 200)}`,
      };
    });
}

/** The commands that errors in the members' logs are about. */
export function errorsIn(world: World): ReadonlySet<number> {
  const errors = MEMBERS.flatMap((name) => logOf(name, world)).filter(({ line }) => line.level === 'error');
  return new Set(errors.map(({ line }) => line.id).filter((id) => id !== undefined));
}

const logLine = z.looseObject({ time: z.string(), level: z.string(), id: z.int().optional() });

/** The lines of a member's log; none that are cut, or mixed up, since its reader died in the middle. */
function logOf(name: MemberName, { logDir }: World): { text: string; line: z.infer<typeof logLine> }[] {
  return readFileSync(join(logDir, name), 'utf8')
    .split('\n')
    .flatMap((text) => {
      try {
        return [{ text, line: logLine.parse(JSON.parse(text)) }];
      } catch {
        return [];
      }
    });
}

function wordsOf({ kind, ...rest }: Fault): string {
  return [kind, ...Object.values<unknown>(rest)].map(String).join(' ');
}

function stamp(ms: number): string {
  return `${(ms / 1000).toFixed(3).padStart(9)} s`;
}
