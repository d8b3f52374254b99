import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../../src/errors.ts';
import { readSystemsFile } from '../../../src/server/systems-file.ts';

describe('the systems file', () => {
  let dir: string;
  let path: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'beaker-systems-'));
    path = join(dir, 'systems.json');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const problemsOf = (content: string, labs: readonly string[] = ['lab1']): readonly string[] => {
    writeFileSync(path, content);
    try {
      readSystemsFile(path, labs);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
  };

  it('gives each system the only lab there is, and empty text for what it leaves out', () => {
    writeFileSync(path, JSON.stringify([{ fqdn: 'a.lab', power: { type: 'dummy', id: 3 } }]));
    const [system] = readSystemsFile(path, ['lab1']);
    expect(system).toMatchObject({
      fqdn: 'a.lab',
      lab: 'lab1',
      quiescentPeriodS: 0,
      power: { type: 'dummy', address: '', id: '3', user: '' },
    });
    expect(system?.power.password.reveal()).toBe('');
  });

  it('reports every problem with the index and the member', () => {
    const content = JSON.stringify([
      { fqdn: 'a.lab', power: { type: 'dummy' } },
      { fqdn: '../a', power: { type: 'dummy' }, quiescent_period: 'long' },
      { fqdn: 'A.lab', power: { type: 'dummy' } },
      { fqdn: 'b.lab', lab: 'lab9', power: { type: 'dummy' } },
      { fqdn: 'c.lab' },
    ]);
    expect(problemsOf(content)).toEqual([
      `${path}: systems[1].fqdn: expected a host name`,
      expect.stringContaining(`${path}: systems[1].quiescent_period: `),
      `${path}: systems[2].fqdn: A.lab is listed already as systems[0]`,
      `${path}: systems[3].lab: expected a lab with an account (lab1), found lab9`,
      expect.stringContaining(`${path}: systems[4].power: `),
    ]);
  });

  it('asks for the lab when there are several', () => {
    const content = JSON.stringify([{ fqdn: 'a.lab', power: { type: 'dummy' } }]);
    expect(problemsOf(content, ['lab1', 'lab2'])).toEqual([
      `${path}: systems[0].lab: expected a lab with an account (lab1, lab2), found none`,
    ]);
  });

  it('is not waited for when it is a FIFO', () => {
    execFileSync('mkfifo', [path]);
    expect(() => readSystemsFile(path, ['lab1'])).toThrow(
      `cannot read the systems file ${path}: expected a regular file, found a FIFO`,
    );
  });

  it('says what is wrong with a file that is no list', () => {
    expect(problemsOf('{}')).toEqual([`${path}: expected a JSON array of systems, found object`]);
    expect(problemsOf('[')[0]).toContain(`cannot read the systems file ${path}: `);
    expect(() => readSystemsFile(join(dir, 'missing'), ['lab1'])).toThrow(/cannot read .*missing: ENOENT/);
  });
});
