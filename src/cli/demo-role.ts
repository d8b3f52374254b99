import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readEnvironment } from '../config/read-environment.ts';
import { runDemo } from '../demo/run-demo.ts';
import type { RoleArguments } from './role-arguments.ts';
import { stopSignals } from './stop-signals.ts';

/** `beaker-provision demo`: shows a lab's morning; 0 when all went as it must, or a signal came, else 1. */
export async function demoRole(args: RoleArguments): Promise<number> {
  const environment = readEnvironment();
  const { stopping, killing } = stopSignals();
  const cli = fileURLToPath(new URL('../cli.js', import.meta.url));
  return runDemo({
    cli,
    program: `node ${relative(process.cwd(), cli)}`,
    amqpUrl: typeof args['amqp-url'] === 'string' ? args['amqp-url'] : amqpUrlOf(environment),
    environment,
    out: process.stdout,
    stopping: AbortSignal.any([stopping, audienceGone()]),
    killing,
  });
}

function amqpUrlOf(environment: NodeJS.ProcessEnv): string | undefined {
  return environment['BEAKER_AMQP_URL'] ?? environment['AMQP_URL'];
}

/** The terminal was closed, or whoever read our output has ended. */
function audienceGone(): AbortSignal {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  process.once('SIGHUP', leave);
  process.stdout.on('error', leave);
  return gone.signal;
}
