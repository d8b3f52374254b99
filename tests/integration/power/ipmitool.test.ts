import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { listProcesses } from '../../../src/process/proc-table.ts';
import type { ProcessEnd } from '../../../src/process/run-process.ts';
import { Secret } from '../../../src/secret.ts';
import { runProcess } from '../../helpers/action-context.ts';
import { bundledScript } from '../../helpers/bundled-script.ts';
import { startIpmiSim } from '../../helpers/ipmi-sim.ts';
import type { IpmiSim, IpmiSimOptions } from '../../helpers/ipmi-sim.ts';
import { tempDir, type TempDir } from '../../helpers/temp-dir.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const bmcs: IpmiSim[] = [];
const dirs: TempDir[] = [];

afterEach(async () => {
  for (const dir of dirs.splice(0)) dir.remove();
  await Promise.all(bmcs.splice(0).map((bmc) => bmc.stop()));
});

/** A directory with these programs, and a PATH that has them first. */
function programs(texts: Readonly<Record<string, string>>): TempDir & { readonly PATH: string } {
  const dir = tempDir(texts);
  dirs.push(dir);
  return { ...dir, PATH: `${dir.path}:${process.env['PATH'] ?? ''}` };
}

/** In place of ipmitool: writes its arguments into the file beside it, one a line, and says that the machine is on. */
const RECORDING = `#!/bin/sh
printf '%s\\n' "$@" >"$0.arguments"
echo 'Chassis Power is on'
`;

/** A clock that runs an hour ahead each time one looks at it. */
const JUMPING_CLOCK = `#!/bin/sh
echo x >>"$0.looks"
echo $(($(wc -l <"$0.looks") * 3600))
`;

async function bmcThatIs(options: IpmiSimOptions): Promise<IpmiSim> {
  const bmc = await startIpmiSim(options);
  bmcs.push(bmc);
  return bmc;
}

function ipmitool(settings: Record<string, string>, shell: readonly string[] = []): Promise<ProcessEnd> {
  const script = bundledScript('ipmitool');
  const [file = script, ...args]: readonly string[] = shell;
  return runProcess({
    file,
    args: shell.length === 0 ? [] : [...args, script],
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

  it('gives the BMC 20 s to carry out the order, though the time of day is set meanwhile', async () => {
    const bmc = await bmcThatIs({ state: 'off', chassis: 'stuck' });
    const { PATH } = programs({ date: JUMPING_CLOCK });
    const start = performance.now();

    const { exitStatus, output, end } = await power(bmc, 'on', { PATH });

    const tookS = (performance.now() - start) / 1000;
    expect({ exitStatus, end }).toEqual({ exitStatus: 1, end: 'exited' });
    expect(tookS).toBeGreaterThan(18);
    expect(tookS).toBeLessThan(35);
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
    [{ power_mode: 'explode' }, "power_mode is 'explode': expected on, off or interrupt"],
    [{ power_address: '' }, 'power_address is empty'],
    [{ power_address: '-f/etc/shadow' }, "power_address is '-f/etc/shadow': expected the host name"],
    [{ power_address: '127.0.0.1 -f' }, "power_address is '127.0.0.1 -f': expected the host name"],
    [{ power_pass: 'ä'.repeat(11) }, 'power_pass is 22 bytes long: IPMI 2.0 allows 20'],
  ])('refuses %j at once, with the status that ends the attempts', async (settings, complaint) => {
    const { exitStatus, output } = await ipmitool({
      power_mode: 'on',
      power_address: '127.0.0.1',
      ...settings,
    });

    expect(exitStatus).toBe(78);
    expect(output).toContain(`ipmitool: ${complaint}`);
  });

  it('says by its exit status that ipmitool is missing', async () => {
    const dir = programs({ wc: '#!/bin/sh\nexec /usr/bin/wc "$@"\n' });

    const { exitStatus, output } = await ipmitool({
      PATH: dir.path,
      power_mode: 'on',
      power_address: '127.0.0.1',
    });

    expect(exitStatus).toBe(127);
    expect(output).toBe('ipmitool: ipmitool is not installed on this lab controller\n');
  });
});

describe.each([{ shell: ['/bin/dash'] }, { shell: ['/bin/bash', '--posix'] }])(
  'the ipmitool script, run by $shell',
  ({ shell }) => {
    const settings = { power_address: '127.0.0.1', power_mode: 'on' };

    /** The arguments that `ipmitool` was run with; throws status and output of the script when it was not. */
    async function argumentsFor(more: Record<string, string>): Promise<readonly string[]> {
      const dir = programs({ ipmitool: RECORDING });
      const { exitStatus, output } = await ipmitool({ ...settings, ...more, PATH: dir.PATH }, shell);
      if (!existsSync(dir.file('ipmitool.arguments'))) throw new Error(`${exitStatus}: ${output}`);
      return readFileSync(dir.file('ipmitool.arguments'), 'utf8').trimEnd().split('\n');
    }

    it.each([
      ['', 'lanplus', []],
      ['3', 'lanplus', []],
      ['fru read 0 /tmp/x', 'lanplus', []],
      ['-C 3', 'lanplus', ['-C', '3']],
      ['-C17', 'lanplus', ['-C', '17']],
      ['-I lan', 'lan', []],
      ['-I lanplus -L OPERATOR', 'lanplus', ['-L', 'OPERATOR']],
      ['-L user+\n-A MD5\t-p 6230', 'lanplus', ['-L', 'user+', '-A', 'MD5', '-p', '6230']],
      ['-o supermicro -N 5 -R 10 -l 3', 'lanplus', ['-o', 'supermicro', '-N', '5', '-R', '10', '-l', '3']],
      [
        '-t 0x2C -b 7 -T 130 -B 0 -m 32',
        'lanplus',
        ['-t', '0x2C', '-b', '7', '-T', '130', '-B', '0', '-m', '32'],
      ],
      ['-4 -E -K -g -s -6 -z 1024', 'lanplus', ['-4', '-E', '-K', '-g', '-s', '-6', '-z', '1024']],
    ])('takes %j as options', async (power_id, interfaceName, options) => {
      expect(await argumentsFor({ power_id })).toEqual([
        ...['-I', interfaceName, '-H', '127.0.0.1', '-E'],
        ...options,
        ...['power', 'status'],
      ]);
    });

    it.each([
      ['-C 3 fru read 0 /tmp/x', "power_id has 'fru': expected options of ipmitool among -4 -6 -A"],
      ['-C 3 exec /etc/passwd', "power_id has 'exec'"],
      ['-S /etc/passwd', "power_id has '-S'"],
      ['-f/etc/shadow', "power_id has '-f/etc/shadow'"],
      ['-O /etc/passwd', "power_id has '-O'"],
      ['-D /dev/sda', "power_id has '-D'"],
      ['-a', "power_id has '-a'"],
      ['-Y', "power_id has '-Y'"],
      ['-H 10.0.0.1', 'the address belongs into power_address'],
      ['-Uroot', 'the user belongs into power_user'],
      ['-vvvv', "power_id has '-vvvv'"],
      ['-', "power_id has '-'"],
      ['--', "power_id has '--'"],
      ['-46', "power_id has '-46'"],
      ['-e \\c', "power_id has '-e'"],
      ['-I open', "power_id has '-I' with 'open': expected one of lan lanplus"],
      ['-C', "power_id ends with '-C': expected a value"],
      ['-C 18', "power_id has '-C' with '18': expected a number from 0 to 17"],
      ['-C 03', "power_id has '-C' with '03'"],
      ['-C -N', "power_id has '-C' with '-N'"],
      ['-C *', "power_id has '-C' with '*'"],
      ['-C $(id)', "power_id has '-C' with '$(id)'"],
      ['-C `id`', "power_id has '-C' with '`id`'"],
      ["-C '3'", "power_id has '-C' with ''3''"],
      ['-C 3;id', "power_id has '-C' with '3;id'"],
      ['-C 99999999999999999999', "power_id has '-C' with '99999999999999999999'"],
      ['-C ٣', "power_id has '-C' with '٣'"],
      ['-R 0', "power_id has '-R' with '0': expected a number from 1 to 255"],
      ['-p 65536', "power_id has '-p' with '65536'"],
      ['-t 0x100', "power_id has '-t' with '0x100': expected a number from 0 to 255, or from 0x0 to 0xff"],
      ['-L root', "power_id has '-L' with 'root': expected one of CALLBACK USER OPERATOR"],
      ['-L ++', "power_id has '-L' with '++'"],
      ['-o list', "power_id has '-o' with 'list'"],
    ])('refuses %j by name, and runs nothing', async (power_id, complaint) => {
      const refusal = await argumentsFor({ power_id }).catch(String);

      expect(refusal).toMatch(/^Error: 78: ipmitool: power_id /);
      expect(refusal).toContain(complaint);
    });

    it.each(['-Phunter2', '-khunter2', '-yhunter2'])('does not repeat the secret in %s', async (power_id) => {
      const refusal = await argumentsFor({ power_id }).catch(String);

      expect(refusal).toContain(`power_id has '${power_id.slice(0, 2)}'`);
      expect(refusal).not.toContain('hunter2');
    });

    it.each(['-f/etc/shadow', '$(id)', '*', "a 'b'", 'a\\c', '-'])(
      'takes the user %j for a user, whatever it looks like',
      async (power_user) => {
        expect(await argumentsFor({ power_user })).toEqual([
          ...['-I', 'lanplus', '-H', '127.0.0.1', '-U', power_user, '-E'],
          ...['power', 'status'],
        ]);
      },
    );
  },
);

describe('IPMI 1.5', () => {
  /** The simulator takes no session of IPMI 2.0 with this cipher suite, and IPMI 1.5 has no cipher suites. */
  const power_id = '-C 17 -N 1 -R 1';
  const allowed = { BEAKER_PROVISION_IPMI_1_5: 'fallback' };

  it.each([{}, { BEAKER_PROVISION_IPMI_1_5: 'never' }])(
    'is not spoken with %j',
    async (environment) => {
      const bmc = await bmcThatIs({ state: 'off' });

      const { exitStatus, output } = await power(bmc, 'on', { power_id, ...environment });

      expect(exitStatus).toBe(1);
      expect(output).toContain(
        `cannot get the power status of ${bmc.address} by IPMI 2.0 (for IPMI 1.5 see the setting IPMI_1_5)`,
      );
      expect(await bmc.calls()).toEqual([]);
    },
    30_000,
  );

  it('is spoken where the lab allows it and IPMI 2.0 gets no answer', async () => {
    const bmc = await bmcThatIs({ state: 'off' });

    const { exitStatus, output } = await power(bmc, 'on', { power_id, ...allowed });

    expect(output).toContain(`${bmc.address} does not answer to IPMI 2.0; trying IPMI 1.5`);
    expect(exitStatus).toBe(0);
    expect(await bmc.state()).toBe('on');
    expect(await power(bmc, 'interrupt', { power_id, ...allowed })).toMatchObject({
      exitStatus: 1,
      output: expect.stringContaining('refused power diag'),
    });
  }, 30_000);

  it('is not spoken where IPMI 2.0 is, or where power_id names the interface', async () => {
    const bmc = await bmcThatIs({ state: 'off' });

    const modern = await power(bmc, 'on', allowed);
    const named = await power(bmc, 'off', { power_id: `${power_id} -I lanplus`, ...allowed });

    expect(modern).toMatchObject({ exitStatus: 0, output: expect.not.stringContaining('1.5') });
    expect(named).toMatchObject({ exitStatus: 1, output: expect.not.stringContaining('1.5') });
    expect(await bmc.state()).toBe('on');
  }, 30_000);

  it('is not spoken with a password that it would cut', async () => {
    const bmc = await bmcThatIs({ state: 'off', password: 'longer-than-ipmi-15' });

    const { exitStatus, output } = await power(bmc, 'on', { power_id, ...allowed });

    expect(exitStatus).toBe(1);
    expect(output).toContain('power_pass is 19 bytes long: IPMI 1.5 allows 16, so it is not tried');
  }, 30_000);
});
