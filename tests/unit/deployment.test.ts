import { readFileSync } from 'node:fs';
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
