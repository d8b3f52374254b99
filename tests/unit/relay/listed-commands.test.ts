import { describe, expect, it } from '@jest/globals';
import { encodeCommand } from '../../../src/command.ts';
import { ListedCommands } from '../../../src/relay/listed-commands.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { type LogLine, recordingLogger } from '../../helpers/recording-logger.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';

const list = (from: number, count: number): readonly unknown[] =>
  Array.from({ length: count }, (_, index) => encodeCommand(powerCommand({ id: from + index })));

describe('what a hub has listed', () => {
  it('is remembered whole for the last look, however long that is and however slowly it is read', () => {
    let now = 0;
    const listed = new ListedCommands({ clock: { now: () => (now += 1) }, log: silentLogger });
    expect(listed.read(list(1, 50_010)).size).toBe(50_010);
    expect([1, 10, 50_010].map((id) => listed.get(id)?.id)).toEqual([1, 10, 50_010]);
  });

  it('is forgotten, the oldest first, when it is too much and not listed any more', () => {
    const listed = new ListedCommands({ clock: { now: () => 0 }, log: silentLogger });
    listed.read(list(1, 50_001));
    listed.read(list(100_001, 1));
    expect([1, 2].map((id) => listed.get(id)?.id)).toEqual([undefined, 2]);
  });

  it('is another command under its old id once the hub says so, as one that was set up anew does', () => {
    const listed = new ListedCommands({ clock: { now: () => 0 }, log: silentLogger });
    listed.read(list(1, 2));
    listed.read([
      encodeCommand(powerCommand({ id: 1, fqdn: 'other.lab' })),
      encodeCommand(powerCommand({ id: 2 })),
    ]);
    expect(listed.get(1)?.fqdn).toBe('other.lab');
    expect(listed.replaced).toEqual([1]);
    listed.read(list(2, 1));
    expect(listed.replaced).toEqual([]);
  });

  it('is said to be invalid once for each command, however often it is listed', () => {
    const lines: LogLine[] = [];
    const listed = new ListedCommands({ clock: { now: () => 0 }, log: recordingLogger(lines) });
    for (let looks = 0; looks < 3; looks += 1) listed.read([{ id: 7 }, { id: 8 }, ...list(9, 1)]);
    expect(lines.map(({ level, facts }) => [level, facts['id']])).toEqual([
      ['warn', 7],
      ['warn', 8],
    ]);
    expect([7, 8, 9].map((id) => listed.isInvalid(id))).toEqual([true, true, false]);
  });

  it('is remembered when it has left a list of any length, since it may have been claimed just then', () => {
    const listed = new ListedCommands({ clock: { now: () => 0 }, log: silentLogger });
    listed.read(list(1, 50_010));
    listed.read(list(2, 50_010));
    expect(listed.get(1)?.id).toBe(1);
  });
});
