import type * as z from 'zod';
import { redactUrl } from './kinds/redact-url.ts';
import type { Setting } from './setting.ts';
import type { Entry } from './sources/source.ts';

/** The value of a setting as its schema reads it, or one complete sentence on what is wrong; that shows no secret. */
export function readValue(
  { key, kind }: Setting,
  { raw, origin }: Entry,
): { value: unknown } | { problem: string } {
  const parsed = kind.schema.safeParse(raw, { reportInput: !kind.isSecret });
  if (parsed.success) return { value: parsed.data };
  const [issue] = parsed.error.issues;
  const found = kind.isSecret ? describeSecret(raw, issue?.path[0]) : describeWrong(raw, issue);
  return { problem: `${key} (${origin}): expected ${kind.expected}, found ${found}` };
}

/** Of a list, what is wrong in it. */
function describeWrong(raw: unknown, issue: z.core.$ZodIssue | undefined): string {
  return describe(issue !== undefined && issue.path.length > 0 ? issue.input : raw);
}

function describe(raw: unknown): string {
  if (typeof raw === 'string') return JSON.stringify(redactUrl(shorten(raw)));
  if (typeof raw === 'number' || typeof raw === 'boolean') return String(raw);
  return raw instanceof Map ? 'a dict' : 'a list';
}

function describeSecret(raw: unknown, index: PropertyKey | undefined): string {
  if (raw === '') return '""';
  if (typeof raw === 'string' && index === undefined) return 'text that is not shown';
  if (typeof index === 'number') return `something else, not shown, in place ${index + 1}`;
  return `${typeof raw === 'object' ? describe(raw) : `a ${typeof raw}`}, which is not shown`;
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
