import { mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findProgram } from '../../../../src/demo/broker/find-program.ts';
import { tempDir, type TempDir } from '../../../helpers/temp-dir.ts';

describe('findProgram', () => {
  let first: TempDir;
  let second: TempDir;

  beforeEach(() => {
    first = tempDir();
    second = tempDir({ epmd: '#!/bin/sh\n' });
  });
  afterEach(() => {
    first.remove();
    second.remove();
  });

  it('finds a program in the first folder that has it', () => {
    expect(findProgram('epmd', ['/nowhere', first.path, second.path])).toBe(second.file('epmd'));
  });

  it('passes over a file that cannot be run, and a folder of that name', () => {
    writeFileSync(first.file('epmd'), '', { mode: 0o644 });
    expect(findProgram('epmd', [first.path, second.path])).toBe(second.file('epmd'));
    mkdirSync(first.file('rabbitmq-server'));
    expect(findProgram('rabbitmq-server', [first.path, second.path])).toBeUndefined();
  });
});
