// All tests, from nothing: `npm test`. Installs what they need, where it may.
//   npm test -- --only integration                                one stage: check, model, build, integration, e2e or chaos
//   npm test -- --only integration tests/integration/broker       further arguments go to Jest
import { ensureDebianPackages } from './lib/debian-packages.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { ensureNodeVersion } from './lib/node-version.mjs';
import { script } from './lib/script.mjs';
import { SetupError } from './lib/setup-error.mjs';
import { STAGES, runStages } from './lib/stages.mjs';
import { finish, summarize } from './lib/summary.mjs';

const PACKAGES = [
  ...[
    'rabbitmq-server',
    'garagemq',
    'openipmi',
    'ipmitool',
    'openssl',
    'procps',
    'shellcheck',
    'squid-openssl',
  ],
  // Machines that boot from the network, and what they boot.
  ...[
    'qemu-system-x86',
    'ipxe-qemu',
    'ovmf',
    'pxelinux',
    'syslinux-common',
    'grub-common',
    'grub-efi-amd64-bin',
  ],
  ...['qemu-system-arm', 'qemu-efi-aarch64', 'cpio', 'dnsmasq-base'],
  // Clocks that are set while a program runs; what a program asks of the kernel.
  ...['faketime', 'strace'],
];

await script(async (args) => {
  try {
    ensureNodeVersion();
    const { stages, jestArgs } = readArguments(args);
    await ensureDependencies();
    await ensureDebianPackages(PACKAGES);
    return summarize(await runStages(stages, jestArgs));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    return finish(0, 1);
  }
});

/** @param {readonly string[]} args */
function readArguments(args) {
  const at = args.indexOf('--only');
  if (at === -1) return { stages: STAGES, jestArgs: args };
  const only = STAGES.find((stage) => stage === args[at + 1]);
  if (only === undefined) {
    throw new SetupError(`--only: expected one of ${STAGES.join(', ')}, found ${args[at + 1] ?? 'nothing'}.`);
  }
  return {
    // These two run what is built.
    stages: only === 'e2e' || only === 'chaos' ? /** @type {const} */ (['build', only]) : [only],
    jestArgs: args.toSpliced(at, 2),
  };
}
