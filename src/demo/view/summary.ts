import type { BoardCommand } from '../board.ts';
import type { Check } from '../checks.ts';
import { type PickUp, pickUpOf } from '../pick-up.ts';
import { bold, cyan, dim, green, type Line, plain, red } from './line.ts';

export interface SummaryOptions {
  readonly commands: readonly BoardCommand[];
  readonly checks: readonly Check[];
  /** How the built command line is called: `node dist/cli.js`. */
  readonly program: string;
}

/** What the show came to, and what to try next. */
export function summary({ commands, checks, program }: SummaryOptions): readonly Line[] {
  return [
    ...checks.map(({ isMet, text }): Line => [isMet ? green('✓ ') : red('✗ '), plain(text)]),
    [],
    ...pickUps(commands),
    [],
    [bold('Try it yourself')],
    ...commandsToTry(program).map((command): Line => [cyan(`  ${command}`)]),
    ...(commands.some(({ mode }) => mode === 'push') ? [] : howToGetPush()),
  ];
}

function pickUps(commands: readonly BoardCommand[]): readonly Line[] {
  const pushed = pickUpOf(commands, 'push');
  const polled = pickUpOf(commands, 'polling');
  return [
    [bold('From queued to running'), dim(', when there is nothing to wait for')],
    ...(pushed.count === 0 ? [] : [pickUpLine('pushed', pushed)]),
    ...(polled.count === 0 ? [] : [pickUpLine('polled every second', polled)]),
  ];
}

function pickUpLine(how: string, { count, medianMs, p95Ms, maxMs }: PickUp): Line {
  const numbers = `median ${medianMs} ms, 95 % within ${p95Ms} ms, at most ${maxMs} ms`;
  return [plain(`  ${how.padEnd(20)} ${numbers}`), dim(` (${count} commands)`)];
}

function commandsToTry(program: string): readonly string[] {
  return [
    `export BEAKER_USERNAME=host/lab1 BEAKER_PASSWORD=secret BEAKER_HUB_URL=http://127.0.0.1:8000`,
    `echo '[{"fqdn": "sys1.lab1", "power": {"type": "dummy", "id": "2"}}]' > /tmp/systems.json`,
    `${program} server --state-dir /tmp/beaker-server --server-systems /tmp/systems.json &`,
    `${program} worker --state-dir /tmp/beaker-worker --sleep-time 1 &`,
    `sleep 2; ${program} queue sys1.lab1 off on --wait`,
    'kill %1 %2',
  ];
}

function howToGetPush(): readonly Line[] {
  return [
    [],
    [bold('Push instead of polling'), dim(': commands are then picked up in milliseconds')],
    [cyan('  apt-get install rabbitmq-server'), dim('   the demo starts a node of its own')],
    [cyan('  npm run demo -- --amqp-url amqp://USER:PASSWORD@HOST'), dim('   or it uses yours')],
  ];
}
