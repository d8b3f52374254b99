import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { createRequire } from 'node:module';
import { decodeStream } from '../src/xml-rpc/decode-stream.ts';
import { encodeResponse } from '../src/xml-rpc/encode.ts';
import type { XmlRpcInput } from '../src/xml-rpc/value.ts';

/* How long a list of 20,000 queued commands takes to read, and for how long at a time it keeps the event loop from turning. */

const COMMANDS = 20_000;
const ROUNDS = 5;
const RESULTS = new URL('results/parse-commands.json', import.meta.url);

interface Measurement {
  readonly reader: string;
  readonly totalMs: number;
  readonly longestStallMs: number;
}

const document = Buffer.from(
  encodeResponse(Array.from({ length: COMMANDS }, (_, index) => command(index + 1))),
);
const ours = await bestOf(ROUNDS, 'this project', () => decodeStream(pieces(document)));
const theirs = await bestOf(1, 'xmlrpc', () => readWithXmlrpc(document));

const results = {
  summary: `${COMMANDS} commands read in ${ours.totalMs} ms, longest stall ${ours.longestStallMs} ms; xmlrpc takes ${round(theirs.totalMs / ours.totalMs)} times as long`,
  commands: COMMANDS,
  bytes: document.length,
  node: process.version,
  cpu: cpus()[0]?.model,
  measurements: [ours, theirs],
};
console.log(`${COMMANDS} commands, ${round(document.length / 1e6)} MB`);
console.table([ours, theirs]);
await mkdir(new URL('.', RESULTS), { recursive: true });
await writeFile(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);

/** The commands of recipes, one after the other, as they are queued: logs, netboot, off, on. */
function command(id: number): XmlRpcInput {
  const action = ['clear_logs', 'configure_netboot', 'off', 'on'][id % 4];
  const recipe = Math.floor(id / 4);
  return {
    id,
    action,
    fqdn: `system-${recipe}.lab.example.com`,
    delay: 0,
    quiescent_period: 5,
    ...(action === 'configure_netboot' && { netboot: netboot(recipe) }),
    ...((action === 'off' || action === 'on') && { power: power(recipe) }),
  };
}

function netboot(recipe: number): XmlRpcInput {
  const tree = `http://lab.example.com/distros/${recipe % 50}/images/pxeboot`;
  return {
    kernel_url: `${tree}/vmlinuz`,
    initrd_url: `${tree}/initrd.img`,
    kernel_options: `ks=http://beaker.example.com/kickstart/${recipe} console=ttyS0,115200 ${'x=y '.repeat(500)}`,
    image_url: null,
    distro_tree_id: recipe % 50,
    arch: 'x86_64',
  };
}

function power(recipe: number): XmlRpcInput {
  return {
    type: 'ipmitool',
    address: `bmc-${recipe}.lab.example.com`,
    id: null,
    user: 'admin',
    passwd: 'pa<ss>&word',
  };
}

/** As a socket gives it: 64 KiB at a time. */
async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) {
    yield await Promise.resolve(bytes.subarray(at, at + 65_536));
  }
}

async function bestOf(rounds: number, reader: string, read: () => Promise<unknown>): Promise<Measurement> {
  const all: Measurement[] = [];
  for (let round = 0; round < rounds; round += 1) all.push(await measure(reader, read));
  // The fastest round, but the worst stall of all of them.
  return {
    reader,
    totalMs: Math.min(...all.map(({ totalMs }) => totalMs)),
    longestStallMs: Math.max(...all.map(({ longestStallMs }) => longestStallMs)),
  };
}

async function measure(reader: string, read: () => Promise<unknown>): Promise<Measurement> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startedAt = performance.now();
  await read();
  const totalMs = round(performance.now() - startedAt);
  // The monitor notes a stall when the loop turns again.
  await new Promise((resolve) => setTimeout(resolve, 20));
  delay.disable();
  return { reader, totalMs, longestStallMs: round(delay.max / 1e6) };
}

/** Its reader of answers, which it does not export by name: https://github.com/baalexander/node-xmlrpc/blob/master/lib/deserializer.js */
async function readWithXmlrpc(bytes: Buffer): Promise<unknown> {
  const Deserializer = createRequire(import.meta.url)('xmlrpc/lib/deserializer.js') as XmlrpcDeserializer;
  return new Promise((resolve, reject) => {
    new Deserializer().deserializeMethodResponse(Readable.from(pieces(bytes)), (error, value) => {
      if (error) reject(error);
      else resolve(value);
    });
  });
}

type XmlrpcDeserializer = new () => {
  deserializeMethodResponse(stream: Readable, done: (error: unknown, value: unknown) => void): void;
};

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
