import { beforeEach, describe, expect, it } from '@jest/globals';
import type { RelayAnnouncement, WorkerAnnouncement } from '../../../src/broker/announcement.ts';
import { Roster } from '../../../src/roster/roster.ts';
import { viewAsJson, viewOf } from '../../../src/status/lab-view.ts';
import { openPicture } from '../../../src/status/picture.ts';
import { renderLab } from '../../../src/status/render-lab.ts';
import { announced, announcement } from '../../helpers/announcements.ts';
import { screenText } from '../../helpers/screen-text.ts';

const NOW = 100_000;

describe('the status of a lab', () => {
  let nowMs: number;
  let roster: Roster;

  beforeEach(() => {
    nowMs = NOW;
    roster = new Roster({ self: undefined, now: () => nowMs });
    roster.hearing(true);
  });

  const hear = (...workers: readonly Partial<WorkerAnnouncement>[]): void =>
    workers.forEach((more) => roster.heard(announcement(more)));
  const hearRelay = (more: Partial<RelayAnnouncement> = {}): void =>
    roster.heardRelay({
      ...{ lab: 'lab.test', name: 'relay:1', isLeading: true, isLeaving: false },
      ...{ waiting: 0, published: 0, running: 0, lanes: {} },
      ...more,
    });
  const view = (): ReturnType<typeof viewOf> => viewOf('lab.test', roster);
  const lines = (): readonly string[] => renderLab(view(), nowMs).map((line) => line.replaceAll(/ +/g, ' '));

  it('shows a shared PDU with what runs there and how many wait for it, before the quiet lanes', () => {
    const running = [announced(7, { address: 'pdu3', sinceMs: NOW - 4_000 }), announced(8)];
    hear({ worker: 'w1', running, lanes: { 'power:pdu3': 1 } });
    hearRelay({ lanes: { 'power:pdu3': 37, 'system:sys9.lab.test': 2 } });
    expect(lines()).toEqual(
      expect.arrayContaining([
        'power pdu3 37 7 on running 4 s w1:1',
        'system sys9.lab.test 2',
        'system sys8.lab.test 0 8 on running 100 s w1:1',
      ]),
    );
    expect(view().lanes.map(({ lane }) => lane)[0]).toBe('power:pdu3');
  });

  it('shows how the last commands ended, whoever ran them, the last first', () => {
    const ended = (id: number, endedMs: number, status: 'completed' | 'failed') =>
      ({ id, fqdn: `sys${id}.lab.test`, action: 'off', status, endedMs, message: 'no\nmore' }) as const;
    hear(
      { worker: 'w1', last: [ended(3, NOW - 1_000, 'failed'), ended(1, NOW - 9_000, 'completed')] },
      { worker: 'w2', isPrimary: false, last: [ended(2, NOW - 5_000, 'completed')] },
    );
    expect(view().last.map(({ id }) => id)).toEqual([3, 2, 1]);
    expect(lines()).toContain('3 sys3.lab.test off failed 1 s w1:1 no');
  });

  it('says at the top what is wrong', () => {
    hear({ worker: 'w1', isPrimary: false, running: [announced(7)] }, { worker: 'w2', mode: 'polling' });
    nowMs += 26_000;
    hearRelay({ isLeading: false, trouble: 'the hub is away' });
    hear({ worker: 'w2', nth: 2, mode: 'polling' });
    expect(lines().slice(0, 5)).toEqual([
      'lab lab.test',
      '! worker w1:1 is silent; it had 1 commands',
      '! no relay leads',
      '! relay relay:1: the hub is away',
      '! worker w2:1 polls, although it is heard at the broker',
    ]);
  });

  it('shows what workers say is wrong with them, until it is over', () => {
    hear({ worker: 'w1', troubles: ['STATE_DIR /x is full: free some room'] });
    expect(lines().slice(0, 2)).toEqual([
      'lab lab.test',
      '! worker w1:1: STATE_DIR /x is full: free some room',
    ]);
    hear({ worker: 'w1', nth: 2 });
    expect(lines()[0]).toBe('lab lab.test, all well');
  });

  it('says that a relay is silent that led, and counts nothing of it any more', () => {
    hear({ worker: 'w1' });
    hearRelay({ lanes: { 'power:pdu3': 5 } });
    nowMs += 26_000;
    hear({ worker: 'w1', nth: 2 });
    expect(view().troubles).toEqual(['relay relay:1 is silent; it led']);
    expect(view().lanes).toEqual([]);
    nowMs += 600_000;
    hear({ worker: 'w1', nth: 3 });
    expect(view().troubles).toEqual([]);
  });

  it('says what waits for a worker that it never heard itself', () => {
    hear({ worker: 'w1', elsewhere: [{ id: 7, fqdn: 'sys7.lab.test', action: 'off', address: 'pdu3' }] });
    expect(view().troubles).toEqual([
      '7 off of sys7.lab.test was run by a worker that is not heard; its lanes wait',
    ]);
  });

  it('says when nobody is the fallback primary, or more than one', () => {
    hear({ worker: 'w1', isPrimary: false });
    expect(view().troubles).toEqual(['no worker is the fallback primary (FALLBACK_PRIMARY)']);
    hear({ worker: 'w1', nth: 2 }, { worker: 'w2' });
    expect(view().troubles).toEqual(['more than one worker is the fallback primary: w1:1, w2:1']);
  });

  it('says that it hears nobody, instead of that nobody is there', () => {
    hear({ worker: 'w1' });
    roster.hearing(false);
    expect(view().troubles).toEqual(['the broker is away; what is shown is what was heard before']);
  });

  it('shows who is heard before who is not, in a lane that both have had', () => {
    hear({ worker: 'w1', running: [announced(7, { address: 'pdu3' })] });
    nowMs += 26_000;
    hear({ worker: 'w2', isPrimary: false, running: [announced(8, { address: 'pdu3' })] });
    expect(
      view()
        .lanes.find(({ lane }) => lane === 'power:pdu3')
        ?.running.map(({ id }) => id),
    ).toEqual([8, 7]);
  });

  it('says that all is well when it is, and what to do when nobody is there', () => {
    expect(lines()[1]).toBe('! no worker answers; start one with this LAB and AMQP_URL');
    hear({ worker: 'w1' });
    hearRelay();
    expect(lines()[0]).toBe('lab lab.test, all well');
  });

  it('lets nobody write anything but text to the terminal', () => {
    hear({ worker: 'w1', name: 'evil\x1b[2J:1' });
    expect(lines().join('\n')).not.toContain('\x1b');
  });

  it('is as JSON what was announced, in its words', () => {
    hear({ worker: 'w1', running: [announced(7, { address: 'pdu3' })] });
    expect(JSON.parse(viewAsJson(view()))).toMatchObject({
      lab: 'lab.test',
      workers: [{ is_primary: true, is_silent: false, running: [{ id: 7, since_ms: 0 }] }],
      lanes: [
        { lane: 'system:sys7.lab.test', running: [7], waiting: 0 },
        { lane: 'power:pdu3', running: [7] },
      ],
    });
  });

  it('is drawn over the last picture on a terminal, within its width and height', () => {
    let written = '';
    const out = {
      columns: 30,
      rows: 6,
      isTTY: true,
      write: (text: string | Uint8Array) => ((written += String(text)), true),
    };
    const picture = openPicture(out, { json: false, watch: true });
    hear({ worker: 'w1' });
    picture.show(view());
    hear({ worker: 'w1', nth: 2, lanes: { 'power:a-long-name-of-a-power-distribution-unit': 3 } });
    picture.show(view());
    picture.close();
    const screen = screenText(written).filter((line) => line !== '');
    expect(screen).toHaveLength(4);
    expect(Math.max(...screen.map((line) => line.length))).toBeLessThanOrEqual(29);
    expect(screen.at(-1)).toMatch(/^… \d+ more lines$/);
    expect(written.endsWith('\x1b[?25h\n')).toBe(true);
  });

  it('is written elsewhere when something has changed, and not when only time has passed', () => {
    const pictures: string[] = [];
    const out = {
      columns: 80,
      rows: 24,
      isTTY: false,
      write: (text: string | Uint8Array) => pictures.push(String(text)) > 0,
    };
    const picture = openPicture(out, { json: false, watch: true });
    hear({ worker: 'w1', running: [announced(7)] });
    picture.show(view());
    nowMs += 1_000;
    picture.show(view());
    expect(pictures).toHaveLength(1);
    hear({ worker: 'w1', nth: 2 });
    picture.show(view());
    expect(pictures).toHaveLength(2);
    expect(pictures.join('')).not.toContain('\x1b');
  });
});
