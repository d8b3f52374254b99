import { describe, expect, it } from '@jest/globals';
import {
  CommandAlreadyRunError,
  CommandGoneError,
  CommandNotRunningError,
  faultError,
  HubFaultError,
  HubTroubleError,
  SessionExpiredError,
  WrongLabError,
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
    ['lab.example.com cannot update command for sys1.lab in wrong lab', WrongLabError],
    ["<type 'exceptions.AttributeError'>:'NoneType' object has no attribute 'system'", CommandGoneError],
    ["<type 'exceptions.ValueError'>:lab lab.example.com has no command 7", CommandGoneError],
    ["(OperationalError) (1213, 'Deadlock found when trying to get lock')", HubTroubleError],
    ['StaleCommandStatusException: Status for command 7 updated in another transaction', HubTroubleError],
    ['QueuePool limit of size 5 overflow 10 reached', HubTroubleError],
    ["<type 'exceptions.ValueError'>:database or disk is full", HubTroubleError],
    [`(OperationalError) (1366, "Incorrect string value: '...' for column 'message'")`, HubFaultError],
    [`(DataError) (1406, "Data too long for column 'message'")`, HubFaultError],
  ])('is told by its text: %s', (text, kind) => {
    const error = faultError('labcontrollers.mark_command_running', { code: 1, text });
    expect(error.constructor).toBe(kind);
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
