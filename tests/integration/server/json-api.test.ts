import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RunningServer } from '../../../src/server/server.ts';
import { LAB_ACCOUNT, OTHER_ACCOUNT, startSmallHub } from '../../helpers/small-hub.ts';

const LAB = 'lab.example.com';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

describe('the hub’s JSON API', () => {
  let server: RunningServer;

  beforeEach(async () => {
    server = await startSmallHub({ maxBodyBytes: 100_000 });
  });
  afterEach(() => server.stop());

  async function ask(
    method: string,
    path: string,
    body?: unknown,
    account: { user: string; password: string } = LAB_ACCOUNT,
  ): Promise<Answer> {
    const credentials = Buffer.from(`${account.user}:${account.password}`).toString('base64');
    const answer = await fetch(server.url + path, {
      method,
      headers: { authorization: `Basic ${credentials}` },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json() };
  }

  const queueOne = () =>
    server.store.commands.add(LAB, [{ fqdn: 'sys1.lab', action: 'on' }])[0]?.command.id ?? 0;
  const refusal = (status: number, text: string) => ({
    status,
    body: { error: expect.stringContaining(text) },
  });

  it('queues one command or a list, in order', async () => {
    expect(await ask('POST', '/api/commands', { fqdn: 'sys1.lab', action: 'off', delay: 0.5 })).toEqual({
      status: 201,
      body: { ids: [1] },
    });
    const two = [
      { fqdn: 'sys1.lab', action: 'on', power: { passwd: 'other' } },
      { fqdn: 'sys2.lab', action: 'on', quiescent_period: 0 },
    ];
    expect(await ask('POST', '/api/commands', two)).toEqual({ status: 201, body: { ids: [2, 3] } });
    expect(server.store.queries.queued(LAB)[1]?.command.power?.password.reveal()).toBe('other');
  });

  it('shows a command with its times and without any password', async () => {
    const id = queueOne();
    server.store.commands.markRunning(LAB, id);
    server.store.commands.markEnded(LAB, id, { status: 'failed', message: 'no', systemBroken: true });
    const { status, body } = await ask('GET', `/api/commands/${id}`);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(status).toBe(200);
    expect(body).toEqual({
      id,
      seq: 3,
      lab: LAB,
      fqdn: 'sys1.lab',
      action: 'on',
      status: 'Failed',
      message: 'no',
      system_broken: true,
      delay_until: null,
      quiescent_period: 5,
      queued_at: time,
      started_at: time,
      finished_at: time,
      power: { type: 'ipmitool', address: 'bmc-sys1.lab', id: '', user: 'admin' },
      netboot: null,
    });
  });

  it('never gives out a password, wherever one looks', async () => {
    const id = queueOne();
    for (const path of ['/api/commands', `/api/commands/${id}`, '/api/systems', '/api/systems/sys1.lab']) {
      const { status, body } = await ask('GET', path);
      expect(status).toBe(200);
      expect(JSON.stringify(body)).not.toContain('hunter2');
    }
  });

  it('lists commands by ids, by pages, and by what changed', async () => {
    const [first, second, third] = [queueOne(), queueOne(), queueOne()];
    const ids = async (query: string) => {
      const { body } = await ask('GET', `/api/commands?${query}`);
      return (body as { commands: { id: number }[] }).commands.map(({ id }) => id);
    };
    expect(await ids(`ids=${third},${first}`)).toEqual([first, third]);
    expect(await ids(`after=${first}&limit=1`)).toEqual([second]);
    server.store.commands.markRunning(LAB, first);
    expect(await ids('changed_after=2')).toEqual([third, first]);
    expect(await ids('changed_after=4')).toEqual([]);
  });

  it('cancels what is queued, and says so when it is too late', async () => {
    const id = queueOne();
    expect(await ask('POST', `/api/commands/${id}/cancel`)).toMatchObject({ body: { status: 'Aborted' } });
    expect(await ask('POST', `/api/commands/${id}/cancel`)).toEqual(refusal(409, 'only a Queued command'));
    expect(await ask('POST', '/api/commands/77/cancel')).toEqual(refusal(404, 'has no command 77'));
  });

  describe('waiting', () => {
    it('is over as soon as the command has ended', async () => {
      const id = queueOne();
      const waiting = ask('GET', `/api/commands/${id}?wait=30`);
      await nextTurn();
      server.store.commands.markRunning(LAB, id);
      // An answer given for the claim would come before this one.
      await ask('GET', '/api/systems');
      server.store.commands.markEnded(LAB, id, { status: 'completed' });
      const ended = performance.now();
      expect(await waiting).toMatchObject({ status: 200, body: { status: 'Completed' } });
      expect(performance.now() - ended).toBeLessThan(15_000);
    });

    it('gives what there is when its time is over, and what changed when there is a change', async () => {
      const id = queueOne();
      expect(await ask('GET', `/api/commands/${id}?wait=1`)).toMatchObject({ body: { status: 'Queued' } });
      const waiting = ask('GET', '/api/commands?changed_after=1&wait=30');
      await ask('GET', '/api/systems');
      server.store.commands.markRunning(LAB, id);
      expect(await waiting).toMatchObject({ body: { commands: [{ id, status: 'Running' }] } });
    });

    it('does not hold up a stop', async () => {
      const id = queueOne();
      const waiting = ask('GET', `/api/commands/${id}?wait=60`);
      await ask('GET', '/api/systems');
      const started = performance.now();
      await server.stop();
      expect(await waiting).toMatchObject({ status: 200, body: { status: 'Queued' } });
      expect(performance.now() - started).toBeLessThan(30_000);
      server = await startSmallHub();
    });

    it('is bounded', async () => {
      const id = queueOne();
      expect(await ask('GET', `/api/commands/${id}?wait=61`)).toEqual(refusal(400, 'wait: '));
    });
  });

  describe('systems', () => {
    const power = { type: 'dummy', address: 'pdu1', id: 3, passwd: 'secret' };

    it('can be added, looked at, and changed without repeating the password', async () => {
      const put = await ask('PUT', '/api/systems/new.lab', { quiescent_period: 2, power });
      expect(put.status).toBe(201);
      const { body } = await ask('GET', '/api/systems/new.lab');
      expect(body).toEqual({
        fqdn: 'new.lab',
        lab: LAB,
        quiescent_period: 2,
        power: { type: 'dummy', address: 'pdu1', id: '3', user: '' },
      });
      const again = await ask('PUT', '/api/systems/new.lab', body);
      expect(again).toEqual({ status: 200, body });
      expect(server.store.systems.get(LAB, 'new.lab').power.password.reveal()).toBe('secret');
    });

    it('are the same with a dot at the end of the name', async () => {
      const put = await ask('PUT', '/api/systems/new.lab.', { fqdn: 'new.lab.', power });
      const again = await ask('PUT', '/api/systems/new.lab', { fqdn: 'new.lab.', power });
      const queued = await ask('POST', '/api/commands', { fqdn: 'new.lab.', action: 'on' });

      expect([put.status, again.status, queued.status]).toEqual([201, 200, 201]);
      expect(await ask('GET', '/api/systems/new.lab.')).toMatchObject({ body: { fqdn: 'new.lab' } });
      expect(await ask('GET', '/api/commands')).toMatchObject({
        body: { commands: [{ fqdn: 'new.lab' }] },
      });
    });

    it('are refused when they are another lab’s, wrong, or renamed', async () => {
      expect(await ask('PUT', '/api/systems/other.lab', { power })).toEqual(refusal(409, 'another lab'));
      expect(await ask('PUT', '/api/systems/..%2Fx', { power })).toEqual(refusal(400, 'host name'));
      expect(await ask('PUT', '/api/systems/a.lab', { power: { ...power, type: '../sh' } })).toEqual(
        refusal(400, 'power.type: expected the name of a power type'),
      );
      expect(await ask('PUT', '/api/systems/a.lab', { fqdn: 'b.lab', power })).toEqual(refusal(400, 'fqdn'));
      expect(await ask('PUT', '/api/systems/a.lab', { quiesent_period: 1, power })).toEqual(
        refusal(400, 'quiesent_period'),
      );
    });
  });

  describe('refuses', () => {
    it('everybody without the right password', async () => {
      const wrong = { ...LAB_ACCOUNT, password: 'wrong' };
      expect(await ask('GET', '/api/commands', undefined, wrong)).toEqual(refusal(401, 'Invalid username'));
      const anonymous = await fetch(`${server.url}/api/commands`);
      expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([
        401,
        'Basic realm="beaker-provision"',
      ]);
    });

    it('to show one lab what belongs to another', async () => {
      const id = queueOne();
      expect(await ask('GET', `/api/commands/${id}`, undefined, OTHER_ACCOUNT)).toEqual(
        refusal(404, 'no command'),
      );
      expect(await ask('GET', '/api/commands', undefined, OTHER_ACCOUNT)).toMatchObject({
        body: { commands: [] },
      });
      expect(await ask('GET', '/api/systems/sys1.lab', undefined, OTHER_ACCOUNT)).toEqual(
        refusal(404, 'no system sys1.lab'),
      );
    });

    it('what is no command, and says which member is wrong', async () => {
      const cases: [unknown, string][] = [
        ['{"fqdn":', 'the body is not JSON'],
        [undefined, 'commands: 0: '],
        [{ action: 'on' }, '0.fqdn: '],
        [{ fqdn: 'sys1.lab', action: 'explode' }, '0.action: '],
        [{ fqdn: 'sys1.lab', action: 'on', delay: -1 }, '0.delay: '],
        [[{ fqdn: 'sys1.lab', action: 'on' }, 7], '1: '],
        [{ fqdn: 'sys1.lab', action: 'configure_netboot' }, 'netboot: expected kernel and initrd'],
      ];
      for (const [body, text] of cases) {
        expect(await ask('POST', '/api/commands', body)).toEqual(refusal(400, text));
      }
      expect(await ask('POST', '/api/commands', { fqdn: 'no.lab', action: 'on' })).toEqual(
        refusal(404, 'commands[0]: lab lab.example.com has no system no.lab'),
      );
      expect(server.store.queries.queued(LAB)).toEqual([]);
    });

    it('queries that it does not understand', async () => {
      expect(await ask('GET', '/api/commands?ids=1,x')).toEqual(refusal(400, 'ids: expected ids'));
      expect(await ask('GET', '/api/commands?chnaged_after=1')).toEqual(refusal(400, 'chnaged_after'));
      expect(await ask('GET', '/api/commands?limit=0')).toEqual(refusal(400, 'limit: '));
    });

    it('a body over the limit, other methods, and other paths', async () => {
      expect(await ask('POST', '/api/commands', 'x'.repeat(2_000_000))).toEqual(
        refusal(413, 'at most 100000'),
      );
      expect(await ask('DELETE', '/api/commands')).toEqual(refusal(405, 'expected GET or POST'));
      expect(await ask('GET', '/api/nothing')).toEqual(refusal(404, 'nothing at /api/nothing'));
    });
  });

  it('says that it is well to anybody', async () => {
    const answer = await fetch(`${server.url}/healthz`);
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }]);
  });
});
