import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FOREIGN_ACCOUNT, startForeignHub, type ForeignHub } from '../helpers/foreign-hub.ts';
import { recordPower, type PowerRecorder } from '../helpers/power-recorder.ts';
import { startRabbitMq, type RabbitMqNode } from '../helpers/rabbitmq.ts';
import { setClock } from '../helpers/set-clock.ts';
import { smallDisk } from '../helpers/small-disk.ts';
import { LogPipe } from './log-pipe.ts';
import { Member, type MemberOptions, waysTo } from './member.ts';
import { Onlooker } from './onlooker.ts';
import { MEMBERS, type MemberName } from './plan.ts';

/** How long, in seconds, a worker may be away before what it had is called orphaned. Longer than any fault and what comes after it. */
export const GRACE_S = 45;
export const LAB = 'lab.test';

/** A lab with all that belongs to it: hub, broker, machines, workers and relays. */
export interface World {
  readonly hub: ForeignHub;
  readonly broker: RabbitMqNode;
  readonly power: PowerRecorder;
  readonly members: ReadonlyMap<MemberName, Member>;
  readonly onlooker: Onlooker;
  /** Where the logs of the members are, one file each. */
  readonly logDir: string;
  /** What went wrong with processes. */
  readonly troubles: readonly string[];
  /** Ends everything; keeps the logs only if asked. */
  close(options: { keepLogs: boolean }): Promise<void>;
}

/** Opens a lab with everything running. */
export async function openWorld(): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'beaker-provision-chaos-'));
  const logDir = join(dir, 'logs');
  mkdirSync(logDir);
  const [hub, broker] = await Promise.all([startForeignHub(), startRabbitMq()]);
  const power = recordPower();
  await broker.ready();
  const troubles: string[] = [];
  const members = new Map<MemberName, Member>();
  for (const name of MEMBERS) {
    const ways = await waysTo({ broker: broker.port, hub: hub.port });
    const member = new Member({
      name,
      ...belongings(dir, logDir, name),
      ways,
      settings: {
        ...COMMON,
        HUB_URL: `http://127.0.0.1:${ways.hub.port}`,
        AMQP_URL: `amqp://127.0.0.1:${ways.broker.port}`,
        ...(name.startsWith('w') && {
          POWER_SCRIPTS_DIR: power.scriptsDir,
          FALLBACK_PRIMARY: name === 'w1' ? 'True' : 'False',
        }),
      },
      onTrouble: (trouble) => troubles.push(trouble),
    });
    members.set(name, member);
    member.start();
  }
  const onlooker = new Onlooker(broker.url, LAB);
  return {
    hub,
    broker,
    power,
    members,
    onlooker,
    logDir,
    troubles,
    close: async ({ keepLogs }) => {
      await Promise.all([...members.values()].map((member) => member.close()));
      await onlooker.close();
      await hub.close();
      await broker.remove();
      power.remove();
      if (!keepLogs) rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** What a member has for itself, through all its lives. */
function belongings(
  dir: string,
  logDir: string,
  name: MemberName,
): Pick<MemberOptions, 'logFile' | 'log' | 'disk' | 'stateDir' | 'clock'> {
  const logFile = join(logDir, name);
  writeFileSync(logFile, '');
  const home = join(dir, name);
  const disk = name.startsWith('w') ? smallDisk(home) : undefined;
  mkdirSync(home, { recursive: true });
  return {
    logFile,
    log: new LogPipe(join(dir, `log-${name}`), logFile),
    disk,
    stateDir: join(home, 'state'),
    clock: setClock(join(dir, `clock-${name}`)),
  };
}

const COMMON = {
  LAB,
  USERNAME: FOREIGN_ACCOUNT.user,
  PASSWORD: FOREIGN_ACCOUNT.password,
  SLEEP_TIME: 1,
  RELAY_INTERVAL: 0.5,
  AMQP_FALLBACK_DELAY: 2,
  ORPHAN_GRACE: GRACE_S,
  POWER_ATTEMPTS: 1,
  LOG_LEVEL: 'debug',
  LOG_FORMAT: 'json',
};
