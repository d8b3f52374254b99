import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { OLDEST_NODE } from '../../src/cli/solid-ground.ts';
import { loadTestConfig } from '../helpers/load-test-config.ts';

const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('what starts and stops the program', () => {
  it('gives a stop half a minute more than the worker takes for it', () => {
    const graceS = loadTestConfig().config.stopTimeoutS + 30;
    expect(text('systemd/beaker-provision.service')).toContain(`\nTimeoutStopSec=${graceS}\n`);
    expect(text('docker/compose.yaml')).toContain(`\n    stop_grace_period: ${graceS}s\n`);
    expect(text('docs/docker.md')).toContain(`--stop-timeout ${graceS} `);
  });

  it.each([
    ['systemd/beaker-provision.service', 'Environment=UV_THREADPOOL_SIZE=16'],
    ['systemd/beaker-provision-relay.service', 'Environment=UV_THREADPOOL_SIZE=16'],
    ['docker/Dockerfile', 'ENV UV_THREADPOOL_SIZE=16'],
  ])('gives look-ups of names threads enough: %s', (path, line) => {
    expect(text(path)).toContain(`\n${line}\n`);
  });

  it.each(['systemd/beaker-provision.service', 'systemd/beaker-provision-relay.service'])(
    'takes no SIGHUP for the wish to end: %s',
    (path) => {
      expect(text(path)).toContain('\nRestartForceExitStatus=SIGHUP\n');
    },
  );

  it('names the same oldest Node as the package does', () => {
    expect(text('package.json')).toContain(`"node": ">=${OLDEST_NODE}"`);
  });
});

describe('the table of events in docs/operations.md', () => {
  it('has no event that the program does not know', () => {
    const table = /\n\| event \| means \| do \|\n[^]*?\n\n/.exec(text('docs/operations.md'))?.[0] ?? '';
    const events = [...table.matchAll(/^\| (`.*?) \| /gm)].flatMap(([, cell = '']) =>
      cell.split('`, `').map((event) => event.replace(/^`|`.*$/g, '').replace(/,? …$/, '')),
    );
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => text(join('src', path)))
      .join('\n');
    expect(events.length).toBeGreaterThan(40);
    expect(events.filter((event) => !sources.includes(event))).toEqual([]);
  });
});
