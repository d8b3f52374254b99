import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError } from '../errors.ts';
import { ServerClient } from '../queue-client/server-client.ts';
import { Board } from './board.ts';
import { type ChosenBroker, chooseBroker } from './broker/choose-broker.ts';
import { findRabbitMq, startPrivateRabbitMq } from './broker/private-rabbitmq.ts';
import { deleteQueues, problemOf } from './broker/visit.ts';
import { checksOf } from './checks.ts';
import { CleanUp } from './clean-up.ts';
import { showInstallation } from './installation.ts';
import { type LabAccount, newLabAccount } from './lab-account.ts';
import { playMorning } from './play-morning.ts';
import { setStage, type Stage } from './stage.ts';
import { paint } from './view/line.ts';
import { openView, type Screen } from './view/open-view.ts';
import { summary } from './view/summary.ts';
import type { View } from './view/view.ts';

export interface DemoOptions {
  /** The built command line, `dist/cli.js`, and how a person calls it. */
  readonly cli: string;
  readonly program: string;
  /** The broker to use, if one was named. */
  readonly amqpUrl: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  readonly out: Screen;
  /** First request to stop, and the second one: do not wait for anything. */
  readonly stopping: AbortSignal;
  readonly killing: AbortSignal;
}

/**
 * Shows a lab's morning with a real server and a real worker, and ends by itself: 0 when all went as it must, or when it was
 * told to stop, else 1. Leaves no process and no queue behind, and no file but a kernel for the next show.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { out, environment, stopping } = options;
  const cleanUp = new CleanUp();
  const view = openView(out, environment);
  try {
    return await perform(options, view, cleanUp);
  } catch (error) {
    view.close();
    if (!stopping.aborted) out.write(`The demo failed: ${describeError(error)}\n`);
    return stopping.aborted ? 0 : 1;
  } finally {
    if (stopping.aborted) out.write('Stopping what the demo has started.\n');
    await cleanUp.run();
  }
}

async function perform(options: DemoOptions, view: View, cleanUp: CleanUp): Promise<number> {
  const { out, environment, stopping, program } = options;
  const dir = mkdtempSync(join(tmpdir(), 'beaker-demo-'));
  cleanUp.later(() => rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  const account = newLabAccount();
  const broker = await findBroker(options, { dir, view, cleanUp, account });
  stopping.throwIfAborted();
  const brokerUrls = broker?.urls ?? [];
  const stage = await setStage({ ...options, dir, account, brokerUrls }, cleanUp);
  const board = new Board();
  await play(board, { stage, broker, view, account, stopping });
  const signal = AbortSignal.any([stopping, stage.broken]);
  const client = new ServerClient({ url: stage.hubUrl, ...account });
  const installed = await showInstallation({ client, view, dir, path: environment['PATH'], cleanUp, signal });
  view.close();
  const { commands } = board;
  const checks = [...checksOf(commands, await stage.stop()), installed];
  const { width, isColoured } = out.isTTY
    ? { width: out.columns, isColoured: out.hasColors(environment) }
    : PIPE;
  for (const line of summary({ commands, checks, program }))
    out.write(`${paint(line, { width, isColoured })}\n`);
  if (checks.every(({ isMet }) => isMet)) return 0;
  out.write(`\nThe end of the worker's log:\n${stage.workerLog().join('\n')}\n`);
  return 1;
}

const PIPE = { width: Infinity, isColoured: false };

interface FindBrokerOptions {
  readonly dir: string;
  readonly view: View;
  readonly cleanUp: CleanUp;
  readonly account: LabAccount;
}

async function findBroker(
  { environment, amqpUrl, stopping }: DemoOptions,
  { dir, view, cleanUp, account }: FindBrokerOptions,
): Promise<ChosenBroker | undefined> {
  const programs = findRabbitMq(environment['PATH']);
  const caCert = environment['BEAKER_AMQP_CA_CERT'];
  const nodeDir = join(dir, 'rabbitmq');
  const broker = await chooseBroker(amqpUrl, {
    problemOf: (url) => problemOf({ url, caCert }, stopping),
    startNode:
      programs &&
      (async () => {
        mkdirSync(nodeDir);
        return startPrivateRabbitMq({ programs, dir: nodeDir, environment, signal: stopping });
      }),
    say: (text) => {
      if (!stopping.aborted) view.step(text);
    },
  });
  const [url] = broker?.urls ?? [];
  if (broker?.node !== undefined) cleanUp.later(() => broker.node?.kill());
  // A broker that has gone meanwhile keeps two empty queues; there is nobody left to ask.
  else if (url !== undefined)
    cleanUp.later(() => deleteQueues(account.lab, { url, caCert }).catch(() => undefined));
  return broker;
}

interface PlayOptions {
  readonly stage: Stage;
  readonly broker: ChosenBroker | undefined;
  readonly view: View;
  readonly account: LabAccount;
  readonly stopping: AbortSignal;
}

async function play(board: Board, { stage, broker, view, account, stopping }: PlayOptions): Promise<void> {
  const signal = AbortSignal.any([stopping, stage.broken]);
  const client = new ServerClient({ url: stage.hubUrl, ...account });
  const { mode } = stage;
  const about = { lab: account.lab, broker: broker?.name ?? 'no broker', node: broker?.node };
  try {
    await playMorning({ client, board, view, mode, signal, ...about });
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(
      `${describeError(error)}\nThe end of the worker's log:\n${stage.workerLog().join('\n')}`,
      {
        cause: error,
      },
    );
  }
}
