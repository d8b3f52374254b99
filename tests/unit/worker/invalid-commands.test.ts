import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RefusedOutcomes } from '../../../src/report/refused-outcomes.ts';
import { Troubles } from '../../../src/troubles.ts';
import { InvalidCommands } from '../../../src/worker/invalid-commands.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { FakeHub } from '../../helpers/fake-hub.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

describe('InvalidCommands', () => {
  let hub: FakeHub;
  let invalid: InvalidCommands;

  beforeEach(() => {
    hub = new FakeHub([powerCommand({ id: 7 })]);
    invalid = new InvalidCommands({ hub, log: silentLogger });
  });
  afterEach(() => invalid.stop());

  it('claims the command and fails it with the reason, without blaming the system', async () => {
    invalid.refuse(7, 'action: expected on or off');
    await waitUntil(() => hub.status(7) === 'failed');
    expect(hub.outcome(7)).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('action: expected on or off'),
      systemBroken: false,
    });
  });

  it('tries again when it is listed again, if it could not be claimed', async () => {
    hub.behave = () => 'be away';
    invalid.refuse(7, 'odd');
    await waitUntil(() => hub.calls.length === 1);
    hub.behave = () => 'answer';
    await waitUntil(() => {
      invalid.refuse(7, 'odd');
      return hub.status(7) === 'failed';
    });
  });

  it('fails a claimed command for as long as it takes, asking once at a time', async () => {
    let troubles = 2;
    hub.behave = (call) => (call === 'report' && troubles-- > 0 ? 'lose the answer' : 'answer');
    invalid.refuse(7, 'odd');
    invalid.refuse(7, 'odd');
    await waitUntil(() => hub.status(7) === 'failed');
    expect(hub.calls.filter((call) => call === 'claim 7')).toHaveLength(1);
  });

  it('stops once the command that it has claimed is failed', async () => {
    invalid.refuse(7, 'odd');
    await waitUntil(() => hub.calls.length > 0);
    await invalid.stop();
    expect(hub.status(7)).toBe('failed');
    invalid.refuse(7, 'odd');
    expect(invalid.isUnderWay(7)).toBe(false);
  });

  it('says in status that the hub refuses its end, for as long as it does', async () => {
    const troubles = new Troubles();
    const reporting = new InvalidCommands({ hub, refused: new RefusedOutcomes(troubles), log: silentLogger });
    hub.behave = (call) => (call === 'report' ? 'fault' : 'answer');
    reporting.refuse(7, 'odd');
    await waitUntil(() => troubles.list().some((text) => text.includes('refuses the outcome of command 7')));
    hub.behave = () => 'answer';
    await waitUntil(() => hub.status(7) === 'failed');
    await reporting.stop();
    expect(troubles.list()).toEqual([]);
  });

  it('refuses nothing after the stop', async () => {
    await invalid.stop();
    invalid.refuse(7, 'odd');
    expect(hub.status(7)).toBe('Queued');
  });
});
