import { writeFileSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { runAction } from '../../../src/actions/run-action.ts';
import { actionContext } from '../../helpers/action-context.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

describe('runAction', () => {
  it('does what the command says', async () => {
    const dir = tempDir();
    try {
      writeFileSync(dir.file('sys1.lab.test'), 'text');
      const context = actionContext({ settings: { consoleLogs: dir.path } });
      await runAction(powerCommand({ action: 'clear_logs' }), context);
      expect(readFileSync(dir.file('sys1.lab.test'), 'utf8')).toBe('');
    } finally {
      dir.remove();
    }
  });

  it('hands power commands to the power scripts', async () => {
    await expect(runAction(powerCommand({ type: 'no-such-type' }), actionContext())).rejects.toThrow(
      'Unknown power type no-such-type',
    );
  });
});
