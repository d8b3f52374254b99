import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Failover, type Mode } from '../../../src/sources/failover.ts';
import { type LogLine, recordingLogger } from '../../helpers/recording-logger.ts';

describe('Failover', () => {
  let modes: Mode[];
  let lines: LogLine[];
  let failover: Failover;

  beforeEach(() => {
    // It uses the global timers and performance.now(), which these replace together.
    jest.useFakeTimers();
    modes = [];
    lines = [];
    failover = new Failover({
      fallbackDelayMs: 5_000,
      onMode: (mode) => modes.push(mode),
      log: recordingLogger(lines),
    });
  });
  afterEach(() => {
    failover.stop();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const pass = (ms: number): void => {
    jest.advanceTimersByTime(ms);
  };
  const goDown = (silentMs = 0): void =>
    failover.brokerDown('connection reset', performance.now() - silentMs);

  it('has no mode until the broker has come, or has had its time to', () => {
    failover.start();
    pass(4_999);
    expect([failover.mode, modes]).toEqual([undefined, []]);
    pass(1);
    expect([failover.mode, modes]).toEqual(['polling', ['polling']]);
  });

  it('takes pushed commands from the start when the broker comes in time', () => {
    failover.start();
    pass(4_999);
    failover.brokerUp();
    pass(60_000);
    expect(modes).toEqual(['push']);
  });

  it('polls once the broker has been away for the delay, and stops when it is back', () => {
    failover.start();
    failover.brokerUp();
    pass(60_000);
    goDown();
    pass(4_999);
    expect(failover.mode).toBe('push');
    pass(1);
    expect(failover.mode).toBe('polling');
    pass(60_000);
    failover.brokerUp();
    expect(modes).toEqual(['push', 'polling', 'push']);
  });

  it('does not mind a broker that comes and goes, as long as it is never away for the delay', () => {
    failover.start();
    failover.brokerUp();
    for (let times = 0; times < 50; times += 1) {
      goDown();
      pass(4_000);
      failover.brokerUp();
      pass(times % 2);
    }
    expect(modes).toEqual(['push']);
    expect(lines).toHaveLength(1);
  });

  it('counts the silence from the last sign of life', () => {
    failover.start();
    failover.brokerUp();
    goDown(3_000);
    pass(1_999);
    expect(failover.mode).toBe('push');
    pass(1);
    expect(failover.mode).toBe('polling');
  });

  it('polls at once when the broker has been silent for longer than the delay', () => {
    failover.start();
    failover.brokerUp();
    goDown(9_000);
    pass(0);
    expect(failover.mode).toBe('polling');
  });

  it('goes on polling, whatever is said about a broker that is away', () => {
    failover.start();
    pass(5_000);
    goDown();
    goDown(9_000);
    pass(60_000);
    expect(modes).toEqual(['polling']);
  });

  it('writes one line for each change of the mode, saying why', () => {
    failover.start();
    failover.brokerUp();
    failover.brokerUp();
    goDown();
    pass(5_000);
    goDown();
    pass(5_000);
    failover.brokerUp();
    expect(lines.map(({ level, event }) => [level, event])).toEqual([
      ['info', 'taking pushed commands'],
      ['warn', 'broker is away, polling the hub'],
      ['info', 'taking pushed commands'],
    ]);
    expect(lines[1]?.facts['reason']).toBe('connection reset');
  });

  it('changes nothing once it is stopped', () => {
    failover.start();
    failover.stop();
    goDown();
    pass(60_000);
    failover.brokerUp();
    expect(modes).toEqual([]);
  });
});
