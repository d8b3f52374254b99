import { describe, expect, it } from '@jest/globals';
import { PlainView } from '../../../../src/demo/view/plain-view.ts';
import type { Scene } from '../../../../src/demo/view/scene.ts';
import { boardCommand, SHOW_START_MS } from '../../../helpers/board-command.ts';

const scene: Scene = {
  ...{ lab: 'demo-1', broker: 'RabbitMQ', mode: undefined, caption: 'Good morning.' },
  ...{ startedAtMs: SHOW_START_MS, commands: [] },
};

describe('PlainView', () => {
  it('says each caption and each mode once', () => {
    let text = '';
    const view = new PlainView({ write: (part) => (text += String(part)) !== '' });
    view.show(scene, []);
    view.show({ ...scene, mode: 'push' }, []);
    view.show({ ...scene, mode: 'push' }, []);
    view.show({ ...scene, mode: 'polling', caption: 'Rush hour.' }, []);
    expect(text).toBe(
      '\nGood morning.\ncommands come by: pushed by RabbitMQ\ncommands come by: polling every second\n\nRush hour.\n',
    );
  });

  it('has a line for each command that has ended, with its times and the reason of a failure', () => {
    let text = '';
    const view = new PlainView({ write: (part) => (text += String(part)) !== '' });
    const failed = {
      action: 'off',
      status: 'Failed',
      message: 'ValueError: exit status 1:\nstuck\n',
    } as const;
    view.show(scene, [boardCommand(1, 'a1', [0, 5, 305]), boardCommand(2, 'c2', [0, 6, 1406], failed)]);
    expect(text.split('\n')).toEqual([
      '  0.3 s  #1   a1.demo  on   completed  waited 0.005 s, took 0.30 s',
      '  1.4 s  #2   c2.demo  off  failed     waited 0.006 s, took 1.40 s: stuck',
      '',
      'Good morning.',
      '',
    ]);
  });
});
