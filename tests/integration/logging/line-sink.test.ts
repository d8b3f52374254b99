import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LineSink } from '../../../src/logging/line-sink.ts';
import { type LogPipe, openLogPipe } from '../../helpers/log-reader.ts';
import { type TempDir, tempDir } from '../../helpers/temp-dir.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const lossLine = (lost: number, reason: string): string => `LOST ${lost}: ${reason}\n`;
const LINE = `${'x'.repeat(999)}\n`;

describe('a line sink', () => {
  let files: TempDir;
  let sinks: LineSink[];

  beforeEach(() => {
    files = tempDir();
    sinks = [];
  });
  afterEach(() => {
    for (const sink of sinks) sink.close();
    files.remove();
  });

  const sinkTo = (descriptor: number): LineSink => {
    const sink = new LineSink({ descriptor, lossLine });
    sinks.push(sink);
    return sink;
  };

  describe('on a pipe', () => {
    let pipe: LogPipe;

    beforeEach(() => {
      pipe = openLogPipe(files);
    });
    afterEach(() => pipe.close());

    it('never waits for a reader that has stopped, and says in the end how many lines it has not read', async () => {
      const sink = sinkTo(pipe.descriptor);
      sink.write('first\n');
      await waitUntil(() => pipe.text() === 'first\n');
      pipe.signalReader('SIGSTOP');
      const startedAt = performance.now();
      for (let nth = 0; nth < 2_000; nth += 1) sink.write(LINE);
      expect(performance.now() - startedAt).toBeLessThan(1_000);
      pipe.signalReader('SIGCONT');
      const [, count, reason] = await waitUntil(() => /LOST (\d+): (.*)\n/.exec(pipe.text()));
      expect(reason).toBe('the reader of the log is slow');
      const arrived = pipe
        .text()
        .split('\n')
        .filter((line) => line === LINE.trimEnd()).length;
      expect(arrived + Number(count)).toBe(2_000);
      sink.write('last\n');
      await waitUntil(() => pipe.text().endsWith('\nlast\n'));
    });

    it('goes on with the next reader when one has gone, and loses no line that there was room for', async () => {
      const sink = sinkTo(pipe.descriptor);
      sink.write('one\n');
      await waitUntil(() => pipe.text() === 'one\n');
      await pipe.killReader();
      sink.write('two\n');
      pipe.startReader();
      await waitUntil(() => pipe.text() === 'one\ntwo\n');
    });
  });

  it('writes when there is room what a full disk did not take, each line whole, and counts what it could not keep', async () => {
    const disk = files.file('disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
    const descriptor = openSync(`${disk}/log`, 'a');
    try {
      writeFileSync(`${disk}/other`, Buffer.alloc(48 * 1024));
      const sink = sinkTo(descriptor);
      for (let nth = 0; nth < 45; nth += 1) sink.write(LINE);
      rmSync(`${disk}/other`);
      const text = (): string => readFileSync(`${disk}/log`, 'utf8');
      await waitUntil(() => text().length === 45 * LINE.length);
      expect(text()).toBe(LINE.repeat(45));
    } finally {
      for (const sink of sinks.splice(0)) sink.close();
      closeSync(descriptor);
      execFileSync('umount', [disk]);
    }
  });
});
