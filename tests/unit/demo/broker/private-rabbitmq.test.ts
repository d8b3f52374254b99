import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findRabbitMq, startPrivateRabbitMq } from '../../../../src/demo/broker/private-rabbitmq.ts';
import { isAlive } from '../../../helpers/is-alive.ts';
import { tempDir, type TempDir } from '../../../helpers/temp-dir.ts';
import { waitUntil } from '../../../helpers/wait-until.ts';

describe('startPrivateRabbitMq', () => {
  let dir: TempDir;

  beforeEach(() => {
    dir = tempDir({
      ends: '#!/bin/sh\nexit 1\n',
      hangs: '#!/bin/sh\necho $$\nexec sleep 60\n',
    });
  });
  afterEach(() => dir.remove());

  const start = (epmd: string, signal: AbortSignal): Promise<unknown> =>
    startPrivateRabbitMq({
      programs: { server: dir.file('ends'), epmd: dir.file(epmd) },
      dir: dir.path,
      environment: { PATH: '/usr/bin:/bin' },
      signal,
    });

  it('says so when a program ends before it takes connections', async () => {
    const starting = start('ends', new AbortController().signal);
    await expect(starting).rejects.toThrow('it ended before it took connections');
  });

  it('leaves nothing running when it is told to stop meanwhile', async () => {
    const stopping = new AbortController();
    const starting = start('hangs', stopping.signal);
    const logged = (): string => readFileSync(dir.file('epmd.log'), { encoding: 'utf8', flag: 'a+' });
    await waitUntil(() => logged().endsWith('\n'), { what: 'the name service to start' });
    stopping.abort();
    await expect(starting).rejects.toThrow('told to stop');
    await waitUntil(() => !isAlive(Number(logged())), { what: 'the name service to be gone' });
  });
});

describe('findRabbitMq', () => {
  it('needs the name service as well as the server', () => {
    const dir = tempDir({ 'rabbitmq-server': '#!/bin/sh\n' });
    const found = findRabbitMq(dir.path);
    dir.remove();
    expect(found).toBeUndefined();
  });
});
