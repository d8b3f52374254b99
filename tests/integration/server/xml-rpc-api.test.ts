import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NewCommand } from '../../../src/server/new-command.ts';
import type { RunningServer } from '../../../src/server/server.ts';
import { encodeCall } from '../../../src/xml-rpc/encode.ts';
import { LAB_ACCOUNT, OTHER_ACCOUNT, startSmallHub } from '../../helpers/small-hub.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { type XmlRpcPeer, xmlRpcPeer } from '../../helpers/xml-rpc-peer.ts';

const LAB = 'lab.example.com';

describe('the hub’s XML-RPC API', () => {
  let server: RunningServer;
  let lab: XmlRpcPeer;

  beforeEach(async () => {
    server = await startSmallHub();
    lab = xmlRpcPeer(`${server.url}/client/`);
    await lab.logIn(LAB_ACCOUNT);
  });
  afterEach(() => server.stop());

  const queue = (...asked: NewCommand[]): number[] =>
    server.store.commands.add(LAB, asked).map(({ command }) => command.id);

  it('gives queued commands in Beaker’s form, the password included', async () => {
    const netboot = { kernel_url: 'http://k', initrd_url: 'http://i', kernel_options: 'ro', arch: 'x86_64' };
    const [first, second] = queue(
      { fqdn: 'sys1.lab', action: 'on' },
      { fqdn: 'sys2.lab', action: 'configure_netboot', netboot },
    );
    expect(await lab.call('labcontrollers.get_queued_command_details')).toEqual([
      {
        id: first,
        action: 'on',
        fqdn: 'sys1.lab',
        delay: 0,
        quiescent_period: 5,
        power: {
          type: 'ipmitool',
          address: 'bmc-sys1.lab',
          id: '',
          user: 'admin',
          passwd: 'hunter2-sys1.lab',
        },
      },
      {
        id: second,
        action: 'configure_netboot',
        fqdn: 'sys2.lab',
        delay: 0,
        quiescent_period: 0,
        netboot: { ...netboot, image_url: null, distro_tree_id: null },
      },
    ]);
  });

  it('takes a command through its states and faults with Beaker’s words on every wrong step', async () => {
    const [id] = queue({ fqdn: 'sys1.lab', action: 'on' });
    const notRunning = { faultCode: 1, faultString: expect.stringContaining(`Command ${id} not running`) };
    const alreadyRun = { faultCode: 1, faultString: expect.stringContaining(`Command ${id} already run`) };
    await expect(lab.call('labcontrollers.mark_command_completed', id)).rejects.toMatchObject(notRunning);
    expect(await lab.call('labcontrollers.mark_command_running', id)).toBe(true);
    expect(await lab.call('labcontrollers.get_running_command_ids')).toEqual([id]);
    expect(await lab.call('labcontrollers.get_queued_command_details')).toEqual([]);
    await expect(lab.call('labcontrollers.mark_command_running', id)).rejects.toMatchObject(alreadyRun);
    await lab.call('labcontrollers.mark_command_failed', id, 'ValueError: <&> ünder', true);
    expect(server.store.queries.get(LAB, id ?? 0)).toMatchObject({
      status: 'Failed',
      message: 'ValueError: <&> ünder',
      systemBroken: true,
    });
    await expect(lab.call('labcontrollers.mark_command_aborted', id, 'x')).rejects.toMatchObject(notRunning);
    await expect(lab.call('labcontrollers.mark_command_failed', id, 'x', false)).rejects.toMatchObject(
      notRunning,
    );
  });

  it('gives a command to exactly one of many that claim it at once', async () => {
    const [id] = queue({ fqdn: 'sys1.lab', action: 'on' });
    const claims = await Promise.allSettled(
      Array.from({ length: 50 }, () => lab.call('labcontrollers.mark_command_running', id)),
    );
    const lost = claims.filter(({ status }) => status === 'rejected');
    expect(lost).toHaveLength(49);
    expect(JSON.stringify(lost)).toContain('already run');
  });

  it('aborts what runs, and records what a lab did by itself', async () => {
    const [id] = queue({ fqdn: 'sys1.lab', action: 'on' });
    await lab.call('labcontrollers.mark_command_running', id);
    await lab.call('labcontrollers.clear_running_commands', 'Stale command');
    await lab.call('labcontrollers.add_completed_command', 'sys2.lab', 'clear_netboot');
    const ended = server.store.queries.find(LAB, { limit: 10 });
    expect(ended).toMatchObject([
      { status: 'Aborted', message: 'Stale command' },
      { status: 'Completed', command: { fqdn: 'sys2.lab', action: 'clear_netboot' } },
    ]);
  });

  it('shows a lab its own commands only, and lets it touch no other', async () => {
    const [id] = queue({ fqdn: 'sys1.lab', action: 'on' });
    const other = xmlRpcPeer(`${server.url}/RPC2`);
    await other.logIn(OTHER_ACCOUNT);
    expect(await other.call('labcontrollers.get_queued_command_details')).toEqual([]);
    await expect(other.call('labcontrollers.mark_command_running', id)).rejects.toMatchObject({
      faultCode: 1,
      faultString: expect.stringContaining('has no command'),
    });
    expect(await lab.call('labcontrollers.mark_command_running', id)).toBe(true);
  });

  it('refuses parameters that are none, and methods it does not know', async () => {
    const fault = (text: string) => ({ faultCode: 1, faultString: expect.stringContaining(text) });
    await expect(lab.call('labcontrollers.mark_command_running', 'one')).rejects.toMatchObject(
      fault('labcontrollers.mark_command_running: 0: Invalid input: expected'),
    );
    await expect(lab.call('labcontrollers.mark_command_running')).rejects.toMatchObject(
      fault('expected array to have >=1 items'),
    );
    await expect(lab.call('labcontrollers.add_completed_command', '../x', 'on')).rejects.toMatchObject(
      fault('expected a host name'),
    );
    await expect(lab.call('system.listMethods')).rejects.toMatchObject(
      fault('method "system.listMethods" is not supported'),
    );
  });

  it('lists 20,000 queued commands by id', async () => {
    queue(...Array.from({ length: 20_000 }, (): NewCommand => ({ fqdn: 'sys1.lab', action: 'on' })));
    const headers = { 'content-type': 'text/xml', cookie: await sessionCookie() };
    const body = encodeCall('labcontrollers.get_queued_command_details', []);
    const text = await (await fetch(`${server.url}/RPC2`, { method: 'POST', headers, body })).text();
    const ids = [...text.matchAll(/<name>id<\/name><value><int>(\d+)<\/int>/g)].map(([, id]) => Number(id));
    expect(ids).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1));
  }, 60_000);

  async function sessionCookie(): Promise<string> {
    const body = encodeCall('auth.login_password', [LAB_ACCOUNT.user, LAB_ACCOUNT.password, null]);
    const answer = await post(body);
    return answer.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  }

  const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${server.url}/client/`, {
      method: 'POST',
      headers: { 'content-type': 'text/xml', ...headers },
      body,
    });

  describe('sessions', () => {
    const denied = { faultCode: 1, faultString: expect.stringContaining('Anonymous access denied') };
    const list = 'labcontrollers.get_running_command_ids';

    it('are needed for everything but logging in', async () => {
      await expect(xmlRpcPeer(`${server.url}/RPC2`).call(list)).rejects.toMatchObject(denied);
      const forged = await post(encodeCall(list, []), { cookie: 'beaker_auth_token=bm9ib2R5.c2lnbmVk' });
      expect(await forged.text()).toContain('Anonymous access denied');
    });

    it('are given for the right password only', async () => {
      const wrong = { faultCode: 1, faultString: expect.stringContaining('Invalid username or password') };
      for (const account of [
        { ...LAB_ACCOUNT, password: 'wrong' },
        { ...LAB_ACCOUNT, password: '' },
        { user: 'nobody', password: '' },
      ]) {
        await expect(xmlRpcPeer(server.url + '/RPC2').logIn(account)).rejects.toMatchObject(wrong);
      }
    });

    it('are refused to those who act for somebody else', async () => {
      await expect(
        lab.call('auth.login_password', LAB_ACCOUNT.user, LAB_ACCOUNT.password, 'boss'),
      ).rejects.toMatchObject({ faultCode: 1 });
    });

    it('end with a log-out', async () => {
      expect(await lab.call(list)).toEqual([]);
      await lab.call('auth.logout');
      await expect(lab.call(list)).rejects.toMatchObject(denied);
    });

    it('expire when they are not used, and are renewed by every answer, faults included', async () => {
      const brief = await startSmallHub({ sessionTtlS: 1 });
      try {
        const used = xmlRpcPeer(`${brief.url}/RPC2`);
        const idle = xmlRpcPeer(`${brief.url}/RPC2`);
        await Promise.all([used.logIn(LAB_ACCOUNT), idle.logIn(LAB_ACCOUNT)]);
        const start = performance.now();
        await waitUntil(
          async () => {
            await used.call('labcontrollers.mark_command_running', 99).catch(() => {});
            return performance.now() - start > 1500;
          },
          { what: 'more than a session’s life to pass in use' },
        );
        await expect(idle.call(list)).rejects.toMatchObject(denied);
        expect(await used.call(list)).toEqual([]);
      } finally {
        await brief.stop();
      }
    });
  });

  describe('on HTTP', () => {
    it('takes POST and XML only', async () => {
      const got = await fetch(`${server.url}/client/`);
      expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
      expect((await post('{}', { 'content-type': 'application/json' })).status).toBe(415);
    });

    it('refuses what is not an XML-RPC call', async () => {
      expect((await post('<methodCall>')).status).toBe(400);
      expect((await post('<!DOCTYPE x [<!ENTITY a "b">]><methodCall/>')).status).toBe(400);
      expect((await post('<methodResponse><params/></methodResponse>')).status).toBe(400);
    });

    it('refuses a body over the limit, and answers the next request', async () => {
      const small = await startSmallHub({ maxBodyBytes: 1000 });
      try {
        const headers = { 'content-type': 'text/xml' };
        const body = 'x'.repeat(5_000_000);
        const answer = await fetch(`${small.url}/RPC2`, { method: 'POST', headers, body });
        expect(answer.status).toBe(413);
        expect(await answer.text()).toContain('expected at most 1000');
        expect(await xmlRpcPeer(`${small.url}/RPC2`).logIn(OTHER_ACCOUNT)).toBe('elsewhere');
      } finally {
        await small.stop();
      }
    });
  });
});
