import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { listProcesses } from '../../../src/process/proc-table.ts';
import { runProcess } from '../../../src/process/run-process.ts';
import type { ProcessEnd } from '../../../src/process/run-process.ts';
import { Secret } from '../../../src/secret.ts';
import { bundledScript } from '../../helpers/bundled-script.ts';
import { startIpmiSim } from '../../helpers/ipmi-sim.ts';
import type { IpmiSim, IpmiSimOptions } from '../../helpers/ipmi-sim.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const bmcs: IpmiSim[] = [];

afterEach(async () => {
  await Promise.all(bmcs.splice(0).map((bmc) => bmc.stop()));
});

async function bmcThatIs(options: IpmiSimOptions): Promise<IpmiSim> {
  const bmc = await startIpmiSim(options);
  bmcs.push(bmc);
  return bmc;
}

function ipmitool(settings: Record<string, string>): Promise<ProcessEnd> {
  return runProcess({
    file: bundledScript('ipmitool'),
    env: { PATH: process.env['PATH'] ?? '', ...settings },
    timeoutMs: 40_000,
    secret: new Secret(settings['power_pass'] ?? ''),
  });
}

function power(bmc: IpmiSim, mode: string, more: Record<string, string> = {}): Promise<ProcessEnd> {
  return ipmitool({
    power_address: bmc.address,
    power_user: bmc.user,
    power_pass: bmc.password,
    // The simulator takes 10 s over any other cipher suite.
    power_id: '-C 3',
    power_mode: mode,
    ...more,
  });
}

function commandLines(): string[] {
  return listProcesses().map(({ pid }) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return '';
    }
  });
}

describe('the ipmitool script', () => {
  it('switches a system on, and off again', async () => {
    const bmc = await bmcThatIs({ state: 'off' });

    expect(await power(bmc, 'on')).toMatchObject({ exitStatus: 0 });
    expect(await bmc.state()).toBe('on');
    expect(await power(bmc, 'off')).toMatchObject({ exitStatus: 0 });
    expect(await bmc.state()).toBe('off');
    expect(await bmc.changes()).toEqual(['set power 1', 'set power 0']);
  });

  it.each(['on', 'off'] as const)('leaves a system alone that is %s already', async (state) => {
    const bmc = await bmcThatIs({ state });

    expect(await power(bmc, state)).toMatchObject({ exitStatus: 0, output: '' });
    expect(await bmc.changes()).toEqual([]);
  });

  it('asks for the state again after the order', async () => {
    const bmc = await bmcThatIs({ state: 'off' });

    await power(bmc, 'on');

    const calls = (await bmc.calls()).map(({ what }) => what);
    expect(calls.slice(calls.indexOf('set power 1') + 1)).toContain('get power');
  });

  it('fails within half a minute when the BMC accepts the order and never carries it out', async () => {
    const bmc = await bmcThatIs({ state: 'off', chassis: 'stuck' });

    const { exitStatus, output, end } = await power(bmc, 'on');

    expect({ exitStatus, end }).toEqual({ exitStatus: 1, end: 'exited' });
    expect(output).toContain(`ipmitool: ${bmc.address} accepted power on, but after 20 s it is off`);
  }, 60_000);

  it('says that a wrong password is wrong, without saying it', async () => {
    const bmc = await bmcThatIs({ state: 'off' });

    const { exitStatus, output } = await power(bmc, 'on', { power_pass: 'not-the-one' });

    expect(exitStatus).toBe(1);
    expect(output).toContain(`cannot get the power status of ${bmc.address}`);
    expect(output).not.toContain('not-the-one');
    expect(await bmc.state()).toBe('off');
  });

  it('fails when the BMC is dead, as fast as the options in power_id say', async () => {
    const bmc = await bmcThatIs({});
    process.kill(bmc.pid, 'SIGSTOP');

    const start = performance.now();
    const { exitStatus, output } = await power(bmc, 'on', { power_id: '-C 3 -N 1 -R 1' });

    expect(exitStatus).toBe(1);
    expect(output).toContain(`cannot get the power status of ${bmc.address}`);
    expect(performance.now() - start).toBeLessThan(15_000);
  }, 30_000);

  it('lets power_id choose another interface than lanplus', async () => {
    const bmc = await bmcThatIs({ state: 'off' });

    expect(await power(bmc, 'on', { power_id: '-I lan' })).toMatchObject({ exitStatus: 0 });
    expect(await bmc.state()).toBe('on');
  });

  it('reports an interrupt that the BMC refuses', async () => {
    const bmc = await bmcThatIs({ state: 'on' });

    const { exitStatus, output } = await power(bmc, 'interrupt');

    expect(exitStatus).toBe(1);
    expect(output).toContain(`ipmitool: ${bmc.address} refused power diag`);
  });

  it('keeps the password off every command line while it works', async () => {
    const password = 'longer-than-ipmi-15';
    const bmc = await bmcThatIs({ state: 'off', chassis: 'slow', password });

    const ended = power(bmc, 'on');
    await waitUntil(async () => (await bmc.changes()).length > 0);
    const lines = commandLines();
    expect(lines.filter((line) => line.includes(bmc.address))).not.toEqual([]);
    expect(lines.filter((line) => line.includes(password))).toEqual([]);
    expect(await ended).toMatchObject({ exitStatus: 0 });
    expect(await bmc.state()).toBe('on');
  }, 30_000);

  it.each([
    [
      { power_mode: 'explode', power_address: '127.0.0.1' },
      "power_mode is 'explode': expected on, off or interrupt",
    ],
    [{ power_mode: 'on' }, 'power_address is empty'],
    [
      { power_mode: 'on', power_address: '127.0.0.1', power_pass: 'ä'.repeat(11) },
      'power_pass is 22 bytes long: IPMI 2.0 allows 20',
    ],
  ])('refuses %j at once', async (settings, complaint) => {
    const { exitStatus, output } = await ipmitool(settings);

    expect(exitStatus).toBe(1);
    expect(output).toContain(`ipmitool: ${complaint}`);
  });
});
