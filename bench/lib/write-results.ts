import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { round } from './statistics.ts';

const RESULTS = new URL('../results/', import.meta.url);

/** Of the last minute, before a bench adds its own. */
const loadAtStart = round(loadavg()[0] ?? NaN);

/** Writes what the bench `name` found, with the machine it found it on; `summary` is one line. */
export function writeResults(name: string, summary: string, found: object): void {
  const results = {
    summary,
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    loadAtStart,
    ...found,
  };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(new URL(`${name}.json`, RESULTS), `${JSON.stringify(results, undefined, 2)}\n`);
  if (loadAtStart > 0.5) {
    console.log(`The machine was not idle: its load was ${loadAtStart} before the bench.`);
  }
}
