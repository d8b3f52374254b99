import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Command, encodeCommand } from '../../../src/command.ts';
import { HubUnreachableError } from '../../../src/hub/hub-errors.ts';
import { PollSource } from '../../../src/sources/poll-source.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { type LogLine, recordingLogger } from '../../helpers/recording-logger.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const HOUR = 3_600_000;

/** A list that is given when the test says so, or at once. */
class SlowHub {
  listed: readonly unknown[] = [];
  error: Error | undefined;
  isSlow = false;
  asked = 0;
  mostAtOnce = 0;
  aborted = 0;
  #answers: (() => void)[] = [];

  async queuedCommands(signal?: AbortSignal): Promise<readonly unknown[]> {
    this.asked += 1;
    const { listed, error } = this;
    if (this.isSlow) await this.#toBeAnswered(signal);
    if (error) throw error;
    return listed;
  }

  /** Answers every look that waits. */
  answer(): void {
    for (const answer of this.#answers.splice(0)) answer();
  }

  async #toBeAnswered(signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#answers.push(resolve);
      this.mostAtOnce = Math.max(this.mostAtOnce, this.#answers.length);
      signal?.addEventListener('abort', () => {
        this.aborted += 1;
        reject(new HubUnreachableError('cut short', { mayHaveActed: true }));
      });
    });
  }
}

describe('PollSource', () => {
  let hub: SlowHub;
  let commands: Command[];
  let invalid: [number, string][];
  let lines: LogLine[];
  let source: PollSource;

  beforeEach(() => {
    hub = new SlowHub();
    commands = [];
    invalid = [];
    lines = [];
    source = new PollSource({
      hub,
      onCommands: (listed) => void commands.push(...listed),
      onInvalid: (id, problem) => invalid.push([id, problem]),
      log: recordingLogger(lines),
    });
  });
  afterEach(async () => {
    hub.answer();
    await source.stop();
  });

  const ids = (): number[] => commands.map(({ id }) => id);
  const wire = (id: number): unknown => encodeCommand(powerCommand({ id }));

  it('looks for the first time in time, and then at its pace', async () => {
    hub.listed = [wire(1), wire(2)];
    const begin = performance.now();
    source.start({ firstMs: 30, everyMs: 10 });
    expect(hub.asked).toBe(0);
    await waitUntil(() => hub.asked >= 1);
    // The clock of timers and this one differ by less than a millisecond.
    expect(performance.now() - begin).toBeGreaterThan(29);
    await waitUntil(() => hub.asked >= 4);
    expect(performance.now() - begin).toBeGreaterThan(58);
    expect(ids().slice(0, 4)).toEqual([1, 2, 1, 2]);
  });

  it('changes its pace at once', async () => {
    source.start({ firstMs: HOUR, everyMs: HOUR });
    source.start({ firstMs: 0, everyMs: HOUR });
    await waitUntil(() => hub.asked === 1);
    source.start({ firstMs: 1, everyMs: 1 });
    await waitUntil(() => hub.asked >= 4);
  });

  it('keeps to the first look of a new pace, also when that is set during a look', async () => {
    hub.isSlow = true;
    source.start({ firstMs: 0, everyMs: HOUR });
    await waitUntil(() => hub.asked === 1);
    source.start({ firstMs: 30, everyMs: HOUR });
    hub.answer();
    await waitUntil(() => hub.asked === 2, { timeoutMs: 2_000 });
  });

  it('looks at once when it is told to, and then goes on at its pace', async () => {
    source.start({ firstMs: HOUR, everyMs: 20 });
    source.lookNow();
    expect(hub.asked).toBe(1);
    await waitUntil(() => hub.asked >= 3);
  });

  it('never looks twice at once, but looks again when it was told to during a look', async () => {
    hub.isSlow = true;
    source.start({ firstMs: 0, everyMs: HOUR });
    await waitUntil(() => hub.asked === 1);
    for (let times = 0; times < 5; times += 1) source.lookNow();
    hub.listed = [wire(1)];
    expect(hub.asked).toBe(1);
    hub.answer();
    await waitUntil(() => hub.asked === 2);
    hub.answer();
    await waitUntil(() => commands.length === 1);
    expect([hub.asked, hub.mostAtOnce]).toEqual([2, 1]);
  });

  it('does not begin a second look when the hub takes longer than the pace', async () => {
    hub.isSlow = true;
    source.start({ firstMs: 0, everyMs: 1 });
    for (let look = 1; look <= 5; look += 1) {
      await waitUntil(() => hub.asked === look);
      hub.answer();
    }
    expect(hub.mostAtOnce).toBe(1);
  });

  it('hands over every good command of a list, whatever else is in it', async () => {
    hub.listed = [
      wire(1),
      { id: 2, action: 'explode', fqdn: 'sys1.lab' },
      null,
      'nonsense',
      { id: 'three', action: 'on' },
      { id: 4, action: 'on', fqdn: '../../etc/passwd', power: { type: 'dummy' } },
      wire(5),
    ];
    source.start({ firstMs: 0, everyMs: HOUR });
    await waitUntil(() => commands.length === 2);
    expect(ids()).toEqual([1, 5]);
    expect(invalid.map(([id]) => id)).toEqual([2, 4]);
    expect(invalid[0]?.[1]).toMatch(/action: .*"on"/);
    expect(lines.map(({ level, event }) => [level, event])).toEqual(
      Array.from({ length: 3 }, () => ['warn', 'listed command is unreadable']),
    );
  });

  it('tells of an invalid command each time that it is listed', async () => {
    hub.listed = [{ id: 2, action: 'explode' }, wire(3)];
    source.start({ firstMs: 0, everyMs: 1 });
    await waitUntil(() => commands.length >= 4);
    expect(invalid.length).toBeGreaterThanOrEqual(3);
    expect(new Set(invalid.map(([id]) => id))).toEqual(new Set([2]));
  });

  it('lets the event loop turn while it takes in a list of 20,000 commands', async () => {
    hub.listed = Array.from({ length: 20_000 }, (_, index) => wire(index + 1));
    let turns = 0;
    const countTurns = (): void => {
      turns += 1;
      if (commands.length < 20_000) setImmediate(countTurns);
    };
    source.lookNow();
    setImmediate(countTurns);
    await waitUntil(() => commands.length === 20_000);
    expect(turns).toBeGreaterThanOrEqual(99);
    expect(ids()).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1));
  });

  it('says once that the hub is away, and once that it is back', async () => {
    hub.error = new HubUnreachableError('connection refused', { mayHaveActed: false });
    source.start({ firstMs: 0, everyMs: 1 });
    await waitUntil(() => hub.asked > 4);
    hub.error = undefined;
    await waitUntil(() => lines.length === 2);
    const { asked } = hub;
    await waitUntil(() => hub.asked > asked + 2);
    expect(lines.map(({ level, event, facts }) => [level, event, facts['reason']])).toEqual([
      ['error', 'cannot list queued commands', 'connection refused'],
      ['info', 'hub answers again', undefined],
    ]);
  });

  it('cuts a look short when it is stopped, without a complaint, and looks no more', async () => {
    hub.isSlow = true;
    source.start({ firstMs: 0, everyMs: 1 });
    await waitUntil(() => hub.asked === 1);
    await source.stop();
    expect(hub.aborted).toBe(1);
    source.lookNow();
    source.start({ firstMs: 0, everyMs: 0 });
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(hub.asked).toBe(1);
    expect(lines).toEqual([]);
  });

  it('hands over nothing of a list in the middle of which it is stopped', async () => {
    hub.listed = Array.from({ length: 5_000 }, (_, index) => wire(index + 1));
    source.lookNow();
    await source.stop();
    expect(hub.asked).toBe(1);
    expect(commands).toEqual([]);
  });
});
