import { describe, expect, it } from '@jest/globals';
import type { BoardCommand } from '../../../../src/demo/board.ts';
import { MACHINES } from '../../../../src/demo/lab.ts';
import { MORNING } from '../../../../src/demo/morning.ts';
import { frame } from '../../../../src/demo/view/frame.ts';
import { paint } from '../../../../src/demo/view/line.ts';
import type { Scene } from '../../../../src/demo/view/scene.ts';
import { boardCommand, SHOW_START_MS } from '../../../helpers/board-command.ts';

const WIDTH = 79;

function draw(
  commands: readonly BoardCommand[],
  nowMs: number,
  more: Partial<Scene> = {},
): readonly string[] {
  const scene: Scene = {
    ...{ lab: 'demo-1', broker: 'a private RabbitMQ', mode: 'push' as const, caption: 'Good morning.' },
    ...{ startedAtMs: SHOW_START_MS, commands },
    ...more,
  };
  const lines = frame(scene, { nowMs: SHOW_START_MS + nowMs, width: WIDTH });
  return lines.map((line) => paint(line, { width: Infinity, isColoured: false }));
}

const lineOf = (drawn: readonly string[], name: string): string =>
  drawn.find((line) => line.includes(`─ ${name}.demo`)) ?? `no line for ${name}`;

describe('frame', () => {
  it('has a line for each machine, with a bracket around those that share a power address', () => {
    const drawn = draw([], 0);
    expect(lineOf(drawn, 'b1')).toMatch(/^pdu-b {5}┬─ b1\.demo/);
    expect(lineOf(drawn, 'b2')).toMatch(/^ {10}├─ b2\.demo/);
    expect(lineOf(drawn, 'b3')).toMatch(/^ {10}└─ b3\.demo/);
    expect(lineOf(drawn, 'd1')).toMatch(/^bmc-d1 {4}── d1\.demo/);
  });

  it('says how commands come in, and for how long the show is on', () => {
    expect(draw([], 12_345)[0]).toMatch(
      /^beaker-provision lab demo-1 .*● pushed by a private RabbitMQ {2}12\.3 s$/,
    );
    expect(draw([], 0, { mode: 'polling' })[0]).toContain('● polling every second');
    expect(draw([], 0, { mode: undefined })[0]).toContain('● starting');
  });

  it('counts what runs, waits, is done and has failed, and how soon commands are picked up', () => {
    const drawn = draw(
      [
        boardCommand(1, 'd1', [0, 5, 300]),
        boardCommand(2, 'c2', [0, 9, 300], { action: 'off', status: 'Failed' }),
        boardCommand(3, 'a1', [400, 407]),
        boardCommand(4, 'a2', [400]),
        boardCommand(5, 'a3', [400]),
      ],
      600,
    );
    expect(drawn[1]).toMatch(/^ 1 running {3}2 waiting {3}1 done {2}1 failed .*pick-up median 7, max 9 ms$/);
  });

  it('shows what runs and how far it is, what waits for it, and what comes then', () => {
    const drawn = draw(
      [
        boardCommand(1, 'a1', [0, 0]),
        boardCommand(2, 'a2', [0]),
        boardCommand(3, 'a1', [0], { action: 'off' }),
      ],
      150,
    );
    expect(lineOf(drawn, 'a1')).toMatch(/◐ {5}on {2}━{6}─{6} 0\.\d s +next off$/);
    expect(lineOf(drawn, 'a2')).toMatch(/waits for a1\.demo +next on$/);
  });

  it('says how long a delay and a rest still take', () => {
    const drawn = draw(
      [
        boardCommand(1, 'd2', [0], { delayS: 3 }),
        boardCommand(2, 'd3', [0, 10, 500]),
        boardCommand(3, 'd3', [0]),
      ],
      1000,
    );
    expect(lineOf(drawn, 'd2')).toContain('in 2.0 s');
    expect(lineOf(drawn, 'd3')).toContain('rests 1.5 s more');
  });

  it('shows whether a machine is on, and how its last command ended', () => {
    const drawn = draw(
      [
        boardCommand(1, 'd1', [0, 5, 215]),
        boardCommand(2, 'd2', [0, 5, 1500], { action: 'off' }),
        boardCommand(3, 'c2', [0, 5, 400], {
          action: 'off',
          status: 'Failed',
          message: 'ValueError: exit 1:\nstuck\n',
        }),
      ],
      2000,
    );
    expect(lineOf(drawn, 'd1')).toContain('● on  ✓ on in 0.21 s');
    expect(lineOf(drawn, 'd2')).toContain('○ off ✓ off in 1.50 s');
    expect(lineOf(drawn, 'c2')).toContain('✗ off failed: stuck');
  });

  it('ends with what ended last', () => {
    const commands = MACHINES.map(({ fqdn }, index) =>
      boardCommand(index + 1, fqdn.replace('.demo', ''), [0, 5, 100 * (index + 1)]),
    );
    const drawn = draw(commands, 2000);
    expect(drawn.slice(-4).map((line) => /\w\d\.demo/.exec(line)?.[0])).toEqual([
      'd3.demo',
      'd2.demo',
      'd1.demo',
      'c2.demo',
    ]);
  });

  it('fits into 80 columns and 24 rows in the thick of it', () => {
    const rush = MORNING.at(-1)?.requests ?? [];
    const commands = rush.map(({ fqdn, action }, index) => {
      const times = index < 4 ? ([0, 5, 1234] as const) : ([0] as const);
      return boardCommand(index + 1, fqdn.replace('.demo', ''), times, { action });
    });
    const drawn = draw(commands, 20_000, { caption: MORNING.at(-1)?.caption ?? '' });
    expect(drawn.length).toBeLessThan(24);
    for (const line of drawn) expect(line.length).toBeLessThanOrEqual(WIDTH);
  });
});
