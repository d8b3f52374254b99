import { describe, expect, it } from '@jest/globals';
import type { BoardCommand } from '../../../../src/demo/board.ts';
import type { Check } from '../../../../src/demo/checks.ts';
import { paint } from '../../../../src/demo/view/line.ts';
import { summary } from '../../../../src/demo/view/summary.ts';
import { boardCommand } from '../../../helpers/board-command.ts';

function text(commands: readonly BoardCommand[], checks: readonly Check[] = []): string {
  const lines = summary({ commands, checks, program: 'node dist/cli.js' });
  return lines.map((line) => paint(line, { width: Infinity, isColoured: false })).join('\n');
}

describe('summary', () => {
  const pushed = boardCommand(1, 'a1', [0, 5, 300]);
  const polled = boardCommand(2, 'b1', [0, 700, 900], { mode: 'polling' });

  it('marks what holds and what does not', () => {
    const checks = [
      { isMet: true, text: 'order kept' },
      { isMet: false, text: 'killed' },
    ];
    expect(text([], checks)).toMatch(/^✓ order kept\n✗ killed\n/);
  });

  it('tells the pick-up of pushed and of polled commands apart', () => {
    expect(text([pushed, polled])).toMatch(
      / {2}pushed +median 5 ms.*\(1 commands\)\n {2}polled every second +median 700 ms/,
    );
    expect(text([pushed])).not.toContain('polled every second');
  });

  it('says how to get push only to those who had none', () => {
    expect(text([polled])).toContain('apt-get install rabbitmq-server');
    expect(text([pushed])).not.toContain('apt-get install rabbitmq-server');
  });

  it('names the commands to try, called as the demo was', () => {
    expect(text([pushed])).toContain('node dist/cli.js queue sys1.lab1 off on --wait');
  });
});
