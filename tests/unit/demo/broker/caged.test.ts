import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Caged, caged } from '../../../../src/demo/broker/caged.ts';
import { isAlive } from '../../../helpers/is-alive.ts';
import { tempDir, type TempDir } from '../../../helpers/temp-dir.ts';
import { waitUntil } from '../../../helpers/wait-until.ts';

describe('caged', () => {
  let dir: TempDir;
  let cage: Caged | undefined;

  beforeEach(() => {
    dir = tempDir();
  });
  afterEach(async () => {
    await cage?.kill();
    dir.remove();
  });

  const start = (script: string): Caged => {
    cage = caged(['/bin/sh', '-c', script], {
      environment: { PATH: '/bin:/usr/bin' },
      logFile: dir.file('log'),
    });
    return cage;
  };
  const logged = (): string => readFileSync(dir.file('log'), 'utf8');

  it('kills the program with what it has started', async () => {
    const { kill, hasEnded } = start('sleep 60 & echo $!; wait');
    await waitUntil(() => logged().endsWith('\n'), { what: 'the program to start' });
    const pid = Number(logged());
    expect(isAlive(pid)).toBe(true);
    expect(hasEnded()).toBe(false);
    await kill();
    await waitUntil(() => !isAlive(pid), { what: 'the started one to be gone' });
    expect(hasEnded()).toBe(true);
  });

  it('notices a program that ends by itself, and keeps nothing that it left running', async () => {
    const { kill, hasEnded } = start('sleep 60 & echo $!');
    await waitUntil(hasEnded, { what: 'the end to be noticed' });
    await waitUntil(() => !isAlive(Number(logged())), { what: 'the stray to be gone' });
    await kill();
  });
});
