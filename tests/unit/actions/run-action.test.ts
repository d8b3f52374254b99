import { describe, expect, it } from '@jest/globals';
import { runAction } from '../../../src/actions/run-action.ts';
import { actionContext } from '../../helpers/action-context.ts';
import { powerCommand } from '../../helpers/commands.ts';

describe('runAction', () => {
  it.each(['clear_logs', 'configure_netboot', 'clear_netboot'] as const)(
    'fails %s, which is not built yet, without blaming the system',
    async (action) => {
      await expect(runAction(powerCommand({ action }), actionContext())).rejects.toMatchObject({
        name: 'CommandFailedError',
        systemBroken: false,
        message: expect.stringMatching(`^${action} is not supported by this version of beaker-provision`),
      });
    },
  );

  it('fails a power command of a system without power settings', async () => {
    const command = { ...powerCommand({ action: 'reboot', fqdn: 'sys1.lab' }), power: undefined };

    await expect(runAction(command, actionContext())).rejects.toMatchObject({
      name: 'CommandFailedError',
      message: expect.stringMatching('^sys1.lab has no power settings, which reboot needs'),
    });
  });
});
