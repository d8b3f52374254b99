import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import type { CliProcess } from '../helpers/cli-process.ts';
import { startCli } from '../helpers/cli-process.ts';
import { openLab, type Lab } from '../helpers/lab.ts';

describe("a worker with an admin's labcontroller.conf, at a hub that it did not bring", () => {
  let lab: Lab;
  let worker: CliProcess | undefined;

  beforeEach(async () => {
    lab = await openLab();
    worker = undefined;
  });

  afterEach(async () => {
    await worker?.kill();
    await lab.close();
  });

  /** Starts a worker that has its settings from the file, and from nowhere else. */
  function start(): CliProcess {
    writeFileSync(lab.files.file('labcontroller.conf'), labControllerConf(lab));
    worker = startCli(['worker', '--config', lab.files.file('labcontroller.conf')]);
    return worker;
  }

  it('runs what it finds queued, and reports each end as Beaker words it', async () => {
    lab.queue(
      { id: 3, action: 'off', fqdn: 'a.lab.test', address: 'pdu1' },
      { id: 4, action: 'on', fqdn: 'a.lab.test', address: 'pdu1' },
      { id: 5, action: 'reboot', fqdn: 'b.lab.test', address: 'pdu2' },
      { id: 6, action: 'on', fqdn: 'c.lab.test', address: 'pdu1', type: 'brief', delay: 0.5 },
      { id: 7, action: 'off', fqdn: 'd.lab.test', address: 'bmc-d', type: 'refusing' },
    );
    start();
    await lab.untilEnded();
    for (const id of [3, 4, 5, 6]) expect(lab.hub.latest(id)).toMatchObject({ status: 'Completed' });
    expect(lab.hub.latest(7)).toMatchObject({
      status: 'Failed',
      systemBroken: true,
      message:
        `ValueError: Power script ${lab.power.scriptsDir}/refusing failed after 2 attempts with exit status 3:\n` +
        'no answer for 7 from bmc-d\ntried ********',
    });
    expect(lab.power.of(5, 'end').map(({ mode }) => mode)).toEqual(['off', 'on']);
    expect(lab.power.of(7, 'start')).toHaveLength(2);
    expect(lab.violations()).toEqual([]);
  });

  it('blames the system for an unknown power type, and the rest goes on', async () => {
    lab.queue({ id: 1, type: 'abacus' }, { id: 2 });
    start();
    await lab.untilEnded();
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Failed', systemBroken: true });
    expect(lab.hub.latest(1)?.message).toContain('abacus');
    expect(lab.hub.latest(2)).toMatchObject({ status: 'Completed' });
  });

  it('fails a listed command that nobody can read, and the rest goes on', async () => {
    lab.hub.queue({ ...lab.listed({ id: 1 }), fqdn: '../../etc/passwd' });
    lab.hub.queue({ ...lab.listed({ id: 2 }), action: 'explode' });
    lab.queue({ id: 3 });
    start();
    await lab.untilEnded();
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Failed', systemBroken: false });
    expect(lab.hub.latest(1)?.message).toMatch(/cannot run this command: .*fqdn: expected a host name/);
    expect(lab.hub.latest(2)?.message).toMatch(/action: /);
    expect(lab.hub.latest(3)).toMatchObject({ status: 'Completed' });
  });

  it('aborts what runs nowhere, and no more than that', async () => {
    lab.queue({ id: 1 }, { id: 2, type: 'gated' });
    lab.hub.claimForSomebody(1);
    start();
    await lab.untilEnded(1);
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Aborted', message: 'Command orphaned, aborting' });
    lab.power.letThrough(2);
    await lab.untilEnded(2);
    expect(lab.hub.latest(2)).toMatchObject({ status: 'Completed' });
    expect(lab.power.of(1)).toEqual([]);
    expect(lab.hub.calls).not.toContain('labcontrollers.clear_running_commands');
  });

  it('logs in again when the hub has forgotten it', async () => {
    const running = start();
    await running.untilLogged('logged in to the hub');
    lab.hub.expireSessions();
    lab.queue({ id: 1 });
    await lab.untilEnded();
    expect(lab.hub.calls.filter((method) => method === 'auth.login_password')).toHaveLength(2);
    expect(lab.violations()).toEqual([]);
  });
});

/** As an installation has it, with the keys of the other daemons. */
function labControllerConf({ hub, power, files }: Lab): string {
  return `# Hub xml-rpc address.
HUB_URL = "${hub.url}"

# Hub authentication method. Example: krbv, password, oauth2
AUTH_METHOD = "password"
USERNAME = "${hub.account.user}"
PASSWORD = "${hub.account.password}"

# Kerberos principal. If commented, default principal obtained by kinit is used.
#KRB_PRINCIPAL = "host/fqdn"

# By default, job logs are stored locally on the lab controller.
#ARCHIVE_SERVER = "http://archive.example.com/beaker"
ARCHIVE_BASEPATH = "/var/www/html/beaker"
ARCHIVE_RSYNC = "rsync://USER@HOST/var/www/html/beaker"
RSYNC_FLAGS = "-ar --password-file /root/rsync-secret.txt"

BASE = "${files.path}"
CACHEPATH = "%s/cache" % BASE
STATE_DIR = "%s/state" % BASE
POWER_SCRIPTS_DIR = '${power.scriptsDir}'

# How often the hub is asked
SLEEP_TIME = 1
POWER_ATTEMPTS = 2          # tries
WATCHDOG_SCRIPT = "/usr/bin/local-watchdog"
CONSOLE_LOG_REGEX = [r"Kernel panic - not syncing", r"Oops:\\s"]
PANIC_REGEX = r'''(Kernel panic|Oops|BUG: unable)'''
URL_SCHEME = "http"
URL_DOMAIN = 'lab.example.com'
LOG_LEVEL = "debug"
`;
}
