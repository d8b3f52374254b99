import { describe, expect, it } from '@jest/globals';
import {
  CommandAlreadyRunError,
  CommandNotRunningError,
  faultError,
  HubFaultError,
  SessionExpiredError,
} from '../../../src/hub/hub-errors.ts';

describe('a fault', () => {
  it.each([
    ['Command 7 already run', CommandAlreadyRunError],
    ["<class 'bkr.common.bexceptions.BX'>:Command 7 already run", CommandAlreadyRunError],
    ['ValueError: Command 7 already run', CommandAlreadyRunError],
    ['Command 7 not running', CommandNotRunningError],
    ["<type 'exceptions.ValueError'>:Command 7 not running", CommandNotRunningError],
    ["<class 'bkr.server.identity.IdentityFailure'>:Anonymous access denied", SessionExpiredError],
    ['Anonymous access denied', SessionExpiredError],
  ])('is told by its text: %s', (text, kind) => {
    const error = faultError('labcontrollers.mark_command_running', { code: 1, text });
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toBe(`the hub refused labcontrollers.mark_command_running: ${text}`);
  });

  it.each(['Invalid command ID: 7', 'Command seven already run', 'already run', 'Command 7 is not running'])(
    'of another text is just a fault: %s',
    (text) => {
      const error = faultError('m', { code: 1, text });
      expect(error.constructor).toBe(HubFaultError);
      expect(error).toMatchObject({ name: 'HubFaultError', code: 1, text });
    },
  );
});
