/** The environment of this process; the only place that reads it. */
export function readEnvironment(): NodeJS.ProcessEnv {
  // eslint-disable-next-line no-restricted-properties -- everything else gets the environment, or a part of it, as an argument
  return process.env;
}
