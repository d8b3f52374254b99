import type * as z from 'zod';
import { BadRequestError } from './errors.ts';

/** One sentence a problem, each led by the member that it is about: `power.type: expected …`. */
export function explainIssues(error: z.ZodError): readonly string[] {
  return error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
}

/**
 * `value` as `schema` reads it.
 * @throws BadRequestError naming `what` and every problem in it.
 */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BadRequestError(`${what}: ${explainIssues(parsed.error).join('; ')}`);
}
