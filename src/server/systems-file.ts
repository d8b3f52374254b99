import * as z from 'zod';
import { ConfigError, describeError } from '../errors.ts';
import { readRegularFile } from '../regular-file.ts';
import { explainIssues } from './explain.ts';
import { powerSettings, type System, systemInput } from './system.ts';

/**
 * The systems that an admin listed as JSON. A system that names no lab belongs to the only one of `labs`.
 * @throws ConfigError with one sentence a problem, each naming the file, the entry's index and the member.
 */
export function readSystemsFile(path: string, labs: readonly string[]): readonly System[] {
  const entries = parseEntries(path);
  const problems: string[] = [];
  const systems: System[] = [];
  const seen = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    const where = `${path}: systems[${index}]`;
    const parsed = systemInput.safeParse(entry);
    if (!parsed.success) {
      problems.push(...explainIssues(parsed.error).map((issue) => `${where}.${issue}`));
      continue;
    }
    const { fqdn, lab = onlyOf(labs), power, quiescent_period: rest } = parsed.data;
    const first = seen.get(fqdn.toLowerCase());
    if (first !== undefined) problems.push(`${where}.fqdn: ${fqdn} is listed already as systems[${first}]`);
    seen.set(fqdn.toLowerCase(), index);
    if (lab === undefined || !labs.includes(lab)) {
      problems.push(
        `${where}.lab: expected a lab with an account (${labs.join(', ')}), found ${lab ?? 'none'}`,
      );
      continue;
    }
    systems.push({ fqdn, lab, quiescentPeriodS: rest ?? 0, power: powerSettings(power) });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return systems;
}

function onlyOf(labs: readonly string[]): string | undefined {
  return labs.length === 1 ? labs[0] : undefined;
}

/** Room for a hundred thousand systems. */
const MAX_BYTES = 64_000_000;

function parseEntries(path: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(readRegularFile(path, { maxBytes: MAX_BYTES, followLinks: true }).toString('utf8'));
  } catch (error) {
    throw new ConfigError([`cannot read the systems file ${path}: ${describeError(error)}`]);
  }
  const parsed = z.array(z.unknown()).safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ConfigError([
    `${path}: expected a JSON array of systems, found ${value === null ? 'null' : typeof value}`,
  ]);
}
