import yargs, { type Argv } from 'yargs';
import { configFlags } from '../config/config-flags.ts';
import type { Role } from '../config/config.ts';
import { ConfigError } from '../errors.ts';
import type { RoleArguments, RoleSurroundings } from './role-arguments.ts';

/** What a role does with its arguments; gives the exit code. Loaded when it is asked for: a small worker starts its scripts faster. */
type RoleFunction = (args: RoleArguments, surroundings: RoleSurroundings) => Promise<number>;

export interface ParserOptions {
  readonly version: string;
  readonly surroundings: RoleSurroundings;
  /** Told the exit code of the role that ran. */
  readonly onExit: (code: number) => void;
}

/** The command line: one command a role, and for each the settings that it reads as flags. Wrong usage throws ConfigError. */
export function buildParser({ version, surroundings, onExit }: ParserOptions): Argv {
  const run =
    (load: () => Promise<RoleFunction>) =>
    async (argv: object): Promise<void> => {
      refuseLeftOver(argv);
      const role = await load();
      onExit(await role({ ...argv }, surroundings));
    };
  const parser = yargs()
    .scriptName('beaker-provision')
    .usage('$0 <role>\n\nPowers and provisions the test machines of a Beaker lab.');
  return withTools(withDaemons(parser, run), run)
    .epilog(
      'Every setting is also a key of the configuration file and a BEAKER_ variable: see docs/configuration.md.',
    )
    .demandCommand(1, 1, 'expected a role, found none')
    .strict()
    .version(version)
    .wrap(Math.min(110, process.stdout.columns || 100))
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-positional-numbers': false,
    })
    .exitProcess(false)
    .fail((message, error) => {
      // What a role threw passes; the rest is about the arguments, whether yargs made an error of it or not.
      const thrown = error as Error | undefined;
      if (thrown !== undefined && thrown.name !== 'YError') throw thrown;
      throw new ConfigError([`${message}; see beaker-provision --help`]);
    });
}

/** What comes after `--`, which yargs lets pass. @throws ConfigError */
function refuseLeftOver(argv: { readonly _?: readonly unknown[] }): void {
  const [, ...leftOver] = argv._ ?? [];
  if (leftOver.length === 0) return;
  throw new ConfigError([`Unknown argument: ${leftOver.join(' ')}; see beaker-provision --help`]);
}

type Run = (load: () => Promise<RoleFunction>) => (argv: object) => Promise<void>;

/** The roles that run until they are stopped. */
function withDaemons(argv: Argv, run: Run): Argv {
  return argv
    .command(
      'worker',
      'Run the commands of a lab, pushed by a broker or polled from the hub',
      withFlags('worker'),
      run(async () => (await import('./worker-role.ts')).workerRole),
    )
    .command(
      'relay',
      'Push what a Beaker server has queued to the workers of a lab, each command when it is ready',
      withFlags('relay'),
      run(async () => (await import('./relay-role.ts')).relayRole),
    )
    .command(
      'server',
      'Be a small hub: for trying things out, and for labs without Beaker',
      withFlags('server'),
      run(async () => (await import('./server-role.ts')).serverRole),
    );
}

/** The roles that are done in a moment, or go on while a person looks on. */
function withTools(argv: Argv, run: Run): Argv {
  return argv
    .command(
      'queue <fqdn> <actions..>',
      'Queue commands for a system at a server, and follow them',
      (argv) => withQueueArguments(withFlags('queue')(argv)),
      run(async () => (await import('./queue-role.ts')).queueRole),
    )
    .command(
      'status',
      'Say who works in a lab, and on what',
      (argv) => withStatusFlags(withFlags('status')(argv)),
      run(async () => (await import('./status-role.ts')).statusRole),
    )
    .command(
      'clear-netboot <fqdn>',
      'Make a system boot from its own disk again, at once and without the hub',
      (argv) =>
        withFlags('clear-netboot')(argv).positional('fqdn', { type: 'string', description: 'The system' }),
      run(async () => (await import('./clear-netboot-role.ts')).clearNetbootRole),
    )
    .command(
      'demo',
      "Show a lab's morning: a server, a worker, a dozen machines",
      withDemoFlags,
      run(async () => (await import('./demo-role.ts')).demoRole),
    )
    .command(
      'check-config',
      'Say what the configuration comes to, and where each value is from',
      withFlags(),
      run(async () => (await import('./check-config-role.ts')).checkConfigRole),
    );
}

/** Takes no value: yargs itself would take every word but `true` for `false`. */
const SWITCH = { type: 'boolean', nargs: 0 } as const;

function withFlags(role?: Role): (argv: Argv) => Argv {
  return (argv) => {
    argv.option('config', {
      type: 'string',
      requiresArg: true,
      description: 'Configuration file; /etc/beaker/labcontroller.conf is read if it is there',
    });
    for (const { flag, description, type, defaultDescription, choices, group } of configFlags(role)) {
      argv.option(flag, {
        description,
        ...(type !== undefined && { type }),
        ...(defaultDescription !== '–' && { defaultDescription }),
        group: `${group}:`,
        requiresArg: type === 'string',
        ...(choices && { choices }),
      });
    }
    return argv;
  };
}

function withQueueArguments(argv: Argv): Argv {
  return argv
    .positional('fqdn', { type: 'string', description: 'The system' })
    .positional('actions', {
      type: 'string',
      array: true,
      description: 'What to do, in this order: on, off, reboot, …',
    })
    .option('wait', {
      ...SWITCH,
      description: 'Follow the commands until they have ended; exit 1 unless all completed',
    })
    .option('delay', {
      // Taken as text, so that what is wrong with it can be said in full.
      type: 'string',
      requiresArg: true,
      description: 'Seconds to wait before the first may run',
    })
    .option('json', { ...SWITCH, description: 'Print JSON, a line for each command' })
    .example('$0 queue sys1.lab off on --wait', 'switch a machine off and on again');
}

function withStatusFlags(argv: Argv): Argv {
  return argv
    .option('watch', {
      ...SWITCH,
      description: 'Go on until a signal, with a new picture every second',
    })
    .option('json', { ...SWITCH, description: 'Print JSON, a line for each picture' });
}

function withDemoFlags(argv: Argv): Argv {
  return argv.option('amqp-url', {
    type: 'string',
    requiresArg: true,
    description:
      'The broker; else the one on 127.0.0.1, else a private one if rabbitmq-server is installed, else none',
  });
}
