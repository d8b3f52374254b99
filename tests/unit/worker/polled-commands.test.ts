import { beforeEach, describe, expect, it } from '@jest/globals';
import { FakeHub } from '../../helpers/fake-hub.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { type LogLine, recordingLogger } from '../../helpers/recording-logger.ts';
import type { AnnouncedCommand } from '../../../src/broker/announcement.ts';
import type { ElsewhereCommand } from '../../../src/queue/elsewhere.ts';
import { PolledCommands } from '../../../src/worker/polled-commands.ts';
import { announced } from '../../helpers/announcements.ts';

const [first, second, third] = [1, 2, 3].map((id) => powerCommand({ id, fqdn: 'sys.lab.test' }));

describe('polled commands in a lab of several workers', () => {
  let hub: FakeHub;
  let said: AnnouncedCommand[];
  let happened: string[];
  let lines: LogLine[];
  let polled: PolledCommands;
  let takes: boolean;

  beforeEach(() => {
    hub = new FakeHub([first, second, third].flatMap((command) => command ?? []));
    [said, happened, lines, takes] = [[], [], [], true];
    polled = new PolledCommands({
      hub,
      queue: {
        add: ({ id }) => void happened.push(`add ${id}`),
        phaseOf: () => undefined,
        runsElsewhere: ({ id, fqdn }: ElsewhereCommand) => void happened.push(`close ${fqdn} for ${id}`),
      },
      journal: { entry: () => undefined },
      roster: { named: (id) => said.find((command) => command.id === id) },
      isRefused: () => false,
      takes: () => takes,
      log: recordingLogger(lines),
    });
  });
  const look = (...commands: readonly (typeof first)[]): Promise<void> =>
    polled.take(commands.flatMap((command) => command ?? []));

  it('are taken after the lanes of what was claimed since they were listed are closed', async () => {
    hub.claimElsewhere(1);
    await look(first, second);
    expect(happened).toEqual(['close sys.lab.test for 1', 'add 1', 'add 2']);
  });

  it('are left alone while something runs that nobody can name, which is said once', async () => {
    hub.claimElsewhere(1);
    await look(second);
    await look(second);
    expect(happened).toEqual([]);
    expect(lines.map(({ level }) => level)).toEqual(['warn']);
    said.push(announced(1, { fqdn: 'sys.lab.test' }));
    await look(second);
    expect(happened).toEqual(['close sys.lab.test for 1', 'add 2']);
  });

  it('name by an earlier list what runs later', async () => {
    takes = false;
    await look(first, second);
    hub.claimElsewhere(1);
    takes = true;
    await look(second, third);
    expect(happened).toEqual(['close sys.lab.test for 1', 'add 2', 'add 3']);
  });

  it('are only looked at by a worker that does not take them', async () => {
    takes = false;
    await look(first);
    expect(happened).toEqual([]);
  });
});
