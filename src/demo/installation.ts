import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeError } from '../errors.ts';
import { followCommands, isEnd } from '../queue-client/follow-commands.ts';
import type { QueueRequest, ServerClient } from '../queue-client/server-client.ts';
import { wait } from '../wait.ts';
import type { Check } from './checks.ts';
import type { CleanUp } from './clean-up.ts';
import { INSTALLED } from './lab.ts';
import { type RealMachine, realMachine, whyNoMachine } from './machine/real-machine.ts';
import { serveImages } from './machine/serve-images.ts';
import { MARKER } from './machine/test-system.ts';
import type { View } from './view/view.ts';

export interface InstallationOptions {
  readonly client: Pick<ServerClient, 'queue' | 'changedAfter'>;
  readonly view: Pick<View, 'step'>;
  /** The folder of the show. */
  readonly dir: string;
  /** Where programs are. */
  readonly path: string | undefined;
  readonly cleanUp: CleanUp;
  readonly signal: AbortSignal;
}

const BOOT_MS = 90_000;
const LOOK_MS = 100;

/**
 * Shows how a machine gets to its installer, with what a recipe queues: clear_logs, configure_netboot, off, on. On a host that can
 * emulate a machine it really boots; elsewhere its boot files are written, and what is missing for more is said.
 */
export async function showInstallation(options: InstallationOptions): Promise<Check> {
  const { view, signal } = options;
  view.step(
    `▸ ${INSTALLED} is installed: its console log emptied, its network boot set up, power off and on.`,
  );
  const machine = await machineIfPossible(options);
  const trouble = await provision(machine, options);
  if (trouble !== undefined) return { isMet: false, text: `${INSTALLED} was not provisioned: ${trouble}` };
  const files = bootFiles(join(options.dir, 'tftp'));
  if (machine === undefined) return { isMet: true, text: `${INSTALLED}: ${files} boot files by its address` };
  const line = await untilItSpeaks(machine, signal);
  if (line === undefined)
    return { isMet: false, text: `${INSTALLED} did not boot:\n${machine.console().slice(-500)}` };
  view.step(`${INSTALLED} says: ${line}`);
  return {
    isMet: true,
    text: `${INSTALLED} booted its installer from the network, by PXELINUX, with its own options`,
  };
}

async function machineIfPossible({
  view,
  dir,
  path,
  cleanUp,
}: InstallationOptions): Promise<RealMachine | undefined> {
  const why = whyNoMachine(path);
  if (why !== undefined) {
    view.step(`It does not really boot, which would need: ${why}`);
    return undefined;
  }
  try {
    const machine = await realMachine(INSTALLED, dir);
    cleanUp.later(() => machine.stop());
    return machine;
  } catch (error) {
    view.step(`It does not really boot: ${describeError(error)}`);
    return undefined;
  }
}

/** Queues the commands and tells how they end; gives the first trouble. */
async function provision(
  machine: RealMachine | undefined,
  { client, view, dir, cleanUp, signal }: InstallationOptions,
): Promise<string | undefined> {
  const served = await serveImages(machine?.images ?? placeholders(dir));
  cleanUp.later(() => served.close());
  const netboot = {
    arch: 'x86_64',
    kernel_url: `${served.url}/kernel`,
    initrd_url: `${served.url}/initrd`,
    kernel_options: 'console=ttyS0 recipe=4711',
  };
  const power = machine && { power: machine.power };
  const requests: readonly QueueRequest[] = [
    { fqdn: INSTALLED, action: 'clear_logs' },
    { fqdn: INSTALLED, action: 'configure_netboot', netboot },
    { fqdn: INSTALLED, action: 'off', ...power },
    { fqdn: INSTALLED, action: 'on', ...power },
  ];
  const ids = await client.queue(requests, signal);
  let trouble: string | undefined;
  for await (const command of followCommands(client, ids, signal)) {
    if (!isEnd(command)) continue;
    view.step(`  ${command.action.padEnd(18)} ${command.status.toLowerCase()}`);
    if (command.status !== 'Completed')
      trouble ??= `${command.action} ${command.status}: ${command.message ?? ''}`;
  }
  return trouble;
}

async function untilItSpeaks(machine: RealMachine, signal: AbortSignal): Promise<string | undefined> {
  const deadline = performance.now() + BOOT_MS;
  while (performance.now() < deadline) {
    const line = machine
      .console()
      .split('\n')
      .find((one) => one.includes(MARKER) && one.endsWith('\r'));
    if (line !== undefined) return line.trim();
    await wait(LOOK_MS, signal);
    signal.throwIfAborted();
  }
  return undefined;
}

/** What nobody boots. */
function placeholders(dir: string): { readonly kernel: string; readonly initrd: string } {
  const images = { kernel: join(dir, 'kernel'), initrd: join(dir, 'initrd') };
  for (const path of Object.values(images)) writeFileSync(path, 'not to be booted\n');
  return images;
}

function bootFiles(tftpRoot: string): number {
  const hexIp = INSTALLED.split('.')
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join('');
  const names = readdirSync(tftpRoot, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.toLowerCase().includes(hexIp)).length;
}
