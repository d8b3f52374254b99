import { describe, expect, it } from '@jest/globals';
import { LiveView } from '../../../../src/demo/view/live-view.ts';
import type { Scene } from '../../../../src/demo/view/scene.ts';
import { boardCommand, SHOW_START_MS } from '../../../helpers/board-command.ts';
import { screenText } from '../../../helpers/screen-text.ts';

const scene: Scene = {
  ...{ lab: 'demo-1', broker: 'RabbitMQ', mode: 'push', caption: 'Good morning.' },
  ...{ startedAtMs: SHOW_START_MS, commands: [] },
};

function fakeTerminal(columns: number, rows: number) {
  let written = '';
  const write = (text: Uint8Array | string): boolean => {
    written += String(text);
    return true;
  };
  return { columns, rows, write, written: () => written, screen: () => screenText(written) };
}

const captions = (screen: readonly string[]): number => screen.filter((line) => line.startsWith('▸')).length;

describe('LiveView', () => {
  it('draws each picture over the one before, whichever is longer', () => {
    const terminal = fakeTerminal(100, 40);
    const view = new LiveView(terminal, { isColoured: false });
    view.show({
      ...scene,
      commands: [boardCommand(1, 'a1', [0, 5, 300]), boardCommand(2, 'b1', [0, 5, 400])],
    });
    view.show({
      ...scene,
      caption: 'Longer: one more has ended.',
      commands: [boardCommand(1, 'a1', [0, 5, 300])],
    });
    view.close();
    expect(captions(terminal.screen())).toBe(1);
    expect(terminal.screen()).toContain('▸ Longer: one more has ended.');
    expect(terminal.screen().join('\n')).not.toContain('b1.demo  on');
  });

  it('hides the cursor while it draws, and brings it back in the end', () => {
    const terminal = fakeTerminal(100, 40);
    const view = new LiveView(terminal, { isColoured: true });
    view.show(scene);
    expect(terminal.written()).toContain('\x1b[?25l');
    expect(terminal.written()).not.toContain('\x1b[?25h');
    view.close();
    expect(terminal.written()).toContain('\x1b[?25h');
  });

  it('draws no more lines than a low terminal has', () => {
    const terminal = fakeTerminal(100, 10);
    const view = new LiveView(terminal, { isColoured: false });
    view.step('before');
    view.show(scene);
    const pictured = terminal.screen().filter((line) => line !== '' && line !== 'before');
    expect(pictured.length).toBeLessThanOrEqual(9);
    view.close();
  });

  it('begins anew on a terminal that has become narrower, whose lines are folded', () => {
    const terminal = fakeTerminal(100, 40);
    const view = new LiveView(terminal, { isColoured: false });
    view.show(scene);
    terminal.columns = 60;
    view.show(scene);
    view.close();
    expect(terminal.written()).toContain('\x1b[2J\x1b[H');
    expect(Math.max(...terminal.screen().map((line) => line.length))).toBeLessThan(60);
  });

  it('tells the steps before the show one below the other', () => {
    const terminal = fakeTerminal(100, 40);
    const view = new LiveView(terminal, { isColoured: false });
    view.step('one');
    view.step('two');
    view.close();
    expect(terminal.screen()).toEqual(['one', 'two', '']);
  });
});
