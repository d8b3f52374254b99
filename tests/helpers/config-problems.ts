import { ConfigError } from '../../src/errors.ts';

/** The problems that `action` finds with a configuration; none when it is content. */
export function configProblems(action: () => unknown): readonly string[] {
  try {
    action();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
