import * as z from 'zod';
import { hostName } from '../command.ts';
import { type CommandRecord, hasEnded, showCommand } from './command-record.ts';
import { parseInput } from './explain.ts';
import { longPoll } from './long-poll.ts';
import { newCommandInput } from './new-command.ts';
import type { Store } from './store.ts';
import { powerSettings, showSystem, systemInput } from './system.ts';

/** A request of the JSON API, its user known and its body parsed. */
export interface ApiRequest {
  readonly store: Store;
  /** The lab that the user acts for; nothing else is to be seen or touched. */
  readonly lab: string;
  /** What the path's pattern captured. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** The client has gone or the server stops: waiting is over. */
  readonly signal: AbortSignal;
}

/** What is answered: a status and something to show as JSON. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: object;
}

interface Route {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: RegExp;
  readonly handle: (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>;
}

/** The JSON API. Handlers throw the errors of `errors.ts`; a status is made of them elsewhere. */
export const JSON_ROUTES: readonly Route[] = [
  { method: 'GET', path: /^\/api\/commands$/, handle: listCommands },
  { method: 'POST', path: /^\/api\/commands$/, handle: addCommands },
  { method: 'GET', path: /^\/api\/commands\/(?<id>\d+)$/, handle: getCommand },
  { method: 'POST', path: /^\/api\/commands\/(?<id>\d+)\/cancel$/, handle: cancelCommand },
  { method: 'GET', path: /^\/api\/systems$/, handle: listSystems },
  { method: 'GET', path: /^\/api\/systems\/(?<fqdn>[^/]+)$/, handle: getSystem },
  { method: 'PUT', path: /^\/api\/systems\/(?<fqdn>[^/]+)$/, handle: putSystem },
];

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'expected a whole number')
  .transform(Number);
const waitS = wholeNumber.pipe(z.number().max(60)).default(0);

const idList = z
  .string()
  .regex(/^\d{1,15}(,\d{1,15})*$/, 'expected ids with commas between them')
  .transform((text) => text.split(',').map(Number));

const listQuery = z.strictObject({
  ids: idList.optional(),
  after: wholeNumber.optional(),
  changed_after: wholeNumber.optional(),
  limit: wholeNumber.pipe(z.number().min(1).max(10_000)).default(1000),
  wait: waitS,
});

const oneQuery = z.strictObject({ wait: waitS });
const noQuery = z.strictObject({});

async function listCommands({ store, lab, query, signal }: ApiRequest): Promise<ApiAnswer> {
  const { changed_after: changedAfter, wait, ...rest } = parseInput(listQuery, query, 'query');
  const look = (): readonly CommandRecord[] => store.queries.find(lab, { ...rest, changedAfter });
  const found = await longPoll(look, (records) => records.length > 0, {
    commands: store.commands,
    waitMs: wait * 1000,
    signal,
  });
  return { status: 200, body: { commands: found.map(showCommand) } };
}

function addCommands({ store, lab, query, body }: ApiRequest): ApiAnswer {
  parseInput(noQuery, query, 'query');
  const input = Array.isArray(body) ? body : [body];
  const asked = parseInput(z.array(newCommandInput).max(100_000), input, 'commands');
  const records = store.commands.add(lab, asked);
  return { status: 201, body: { ids: records.map(({ command }) => command.id) } };
}

async function getCommand({ store, lab, path, query, signal }: ApiRequest): Promise<ApiAnswer> {
  const { wait } = parseInput(oneQuery, query, 'query');
  const look = (): CommandRecord => store.queries.get(lab, Number(path['id']));
  const record = await longPoll(look, hasEnded, { commands: store.commands, waitMs: wait * 1000, signal });
  return { status: 200, body: showCommand(record) };
}

function cancelCommand({ store, lab, path }: ApiRequest): ApiAnswer {
  return { status: 200, body: showCommand(store.commands.cancel(lab, Number(path['id']))) };
}

function listSystems({ store, lab, query }: ApiRequest): ApiAnswer {
  parseInput(noQuery, query, 'query');
  return { status: 200, body: { systems: store.systems.list(lab).map(showSystem) } };
}

function getSystem({ store, lab, path }: ApiRequest): ApiAnswer {
  return { status: 200, body: showSystem(store.systems.get(lab, fqdnOf(path))) };
}

function putSystem({ store, lab, path, body }: ApiRequest): ApiAnswer {
  const fqdn = fqdnOf(path);
  const known = store.systems.find(lab, fqdn);
  // What GET shows may be sent back as it is: name and lab are taken, but cannot be changed, and the password stays.
  const unchanged = {
    fqdn: hostName.pipe(z.literal(known?.fqdn ?? fqdn)).optional(),
    lab: z.literal(lab).optional(),
  };
  const input = parseInput(systemInput.extend(unchanged), body, 'system');
  store.systems.put({
    fqdn,
    lab,
    quiescentPeriodS: input.quiescent_period ?? 0,
    power: powerSettings(input.power, known?.power),
  });
  return { status: known ? 200 : 201, body: showSystem(store.systems.get(lab, fqdn)) };
}

function fqdnOf(path: ApiRequest['path']): string {
  return parseInput(hostName, path['fqdn'], 'system');
}
