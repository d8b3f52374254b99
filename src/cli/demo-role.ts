import { join, relative } from 'node:path';
import { readEnvironment } from '../config/read-environment.ts';
import { runDemo } from '../demo/run-demo.ts';
import { packageRoot } from '../package-root.ts';
import { type RoleArguments, type RoleSurroundings, textOf } from './role-arguments.ts';
import type { Signals } from './signals.ts';

/** `beaker-provision demo`: shows a lab's morning; 0 when all went as it must, or a signal came, else 1. */
export async function demoRole(args: RoleArguments, { signals, output }: RoleSurroundings): Promise<number> {
  const environment = readEnvironment();
  const cli = join(packageRoot, 'dist', 'cli.js');
  return runDemo({
    cli,
    program: `node ${relative(process.cwd(), cli)}`,
    amqpUrl: textOf(args, 'amqp-url') ?? amqpUrlOf(environment),
    environment,
    out: output.stream,
    stopping: AbortSignal.any([signals.stopping, output.gone, terminalClosed(signals)]),
    killing: signals.killing,
  });
}

function amqpUrlOf(environment: NodeJS.ProcessEnv): string | undefined {
  return environment['BEAKER_AMQP_URL'] ?? environment['AMQP_URL'];
}

function terminalClosed(signals: Signals): AbortSignal {
  const closed = new AbortController();
  signals.onHangUp(() => closed.abort());
  return closed.signal;
}
