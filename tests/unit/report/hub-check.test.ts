import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HubUnreachableError } from '../../../src/hub/hub-errors.ts';
import { HubCheck } from '../../../src/report/hub-check.ts';
import { Reporter } from '../../../src/report/reporter.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { FakeHub } from '../../helpers/fake-hub.ts';
import { type JournalInDir, journalInDir } from '../../helpers/journal-in-dir.ts';
import { type LogLine, recordingLogger } from '../../helpers/recording-logger.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';

describe('HubCheck', () => {
  let hub: FakeHub;
  let state: JournalInDir;
  let lines: LogLine[];
  let check: HubCheck;
  let reporter: Reporter;

  beforeEach(() => {
    hub = new FakeHub();
    state = journalInDir();
    lines = [];
    startAnew();
  });
  afterEach(() => {
    void reporter.stop();
    state.remove();
  });

  /** What the journal holds by now is of an earlier run. */
  const startAnew = (): void => {
    check = new HubCheck({ hub, journal: state.journal, log: recordingLogger(lines) });
    reporter = new Reporter({
      hub,
      journal: state.journal,
      check,
      onAccepted: () => undefined,
      backoff: { firstMs: 1, maxMs: 4 },
      log: silentLogger,
    });
  };

  const ended = (id: number): void => {
    const command = powerCommand({ id });
    state.journal.claiming(command, 1000, []);
    state.journal.ended(command, { status: 'completed' }, 3000, { beginsRest: true });
  };

  it('looks at the hub before the first outcome after a start, and once for all', async () => {
    for (const id of [1, 2]) {
      ended(id);
      hub.queue(powerCommand({ id }));
      hub.claimElsewhere(id);
    }
    startAnew();
    await Promise.all([reporter.report(1), reporter.report(2)]);
    expect(hub.calls).toEqual(['queued', 'report 1', 'report 2']);
  });

  it('reads no list for the outcomes of this run, until the hub was away', async () => {
    ended(1);
    hub.queue(powerCommand({ id: 1 }));
    hub.claimElsewhere(1);
    await reporter.report(1);
    expect(hub.calls).toEqual(['report 1']);
  });

  it('looks again after the hub was away', async () => {
    ended(1);
    hub.queue(powerCommand({ id: 1 }));
    hub.claimElsewhere(1);
    let isAway = false;
    hub.behave = (call) => {
      if (call === 'report' && !isAway) {
        isAway = true;
        return 'be away';
      }
      return 'answer';
    };
    startAnew();
    await reporter.report(1);
    expect(hub.calls).toEqual(['queued', 'report 1', 'queued', 'report 1']);
  });

  it('sets an outcome aside whose id the hub has queued: it is another command', async () => {
    ended(1);
    hub.queue(powerCommand({ id: 1 }));
    startAnew();
    await reporter.report(1);
    expect([state.journal.entry(1), hub.status(1)]).toEqual([undefined, 'Queued']);
    expect(lines.map(({ level, facts }) => [level, facts['id']])).toEqual([['error', 1]]);
  });

  it('sets a claim aside that was under way, when the hub has queued another command under its id since', async () => {
    state.journal.claiming(powerCommand({ id: 1, fqdn: 'one.lab' }), 1000, []);
    hub.queue(powerCommand({ id: 1, fqdn: 'two.lab' }));
    startAnew();
    await check.passed();
    expect(state.journal.entry(1)).toBeUndefined();
  });

  it('sets everything aside when the hub is another installation, and nothing when it does not tell', async () => {
    ended(1);
    hub.queue(powerCommand({ id: 1 }));
    hub.claimElsewhere(1);
    hub.installationName = 'one';
    await check.passed();
    check.lapse();
    hub.installationName = undefined;
    await check.passed();
    expect(state.journal.entries()).toHaveLength(1);
    check.lapse();
    hub.installationName = 'another';
    await check.passed();
    expect([state.journal.entries(), state.journal.installation]).toEqual([[], 'another']);
  });

  it('tells nothing to a hub that has named itself before, until it names itself again', async () => {
    ended(1);
    hub.queue(powerCommand({ id: 1 }));
    hub.claimElsewhere(1);
    hub.installationName = 'one';
    await check.passed();
    check.lapse();
    hub.installationName = 'another';
    let isAway = true;
    hub.installation = () => {
      if (!isAway) return Promise.resolve('another');
      return Promise.reject(new HubUnreachableError('connection reset', { mayHaveActed: true }));
    };
    await expect(check.passed()).rejects.toThrow('connection reset');
    expect(state.journal.entries()).toHaveLength(1);
    isAway = false;
    await check.passed();
    expect(state.journal.entries()).toEqual([]);
  });

  it('takes a hub that does not name itself any more, however it is asked, for one that cannot', async () => {
    hub.installationName = 'one';
    await check.passed();
    ended(1);
    hub.queue(powerCommand({ id: 1 }));
    hub.claimElsewhere(1);
    hub.installation = () =>
      Promise.reject(new HubUnreachableError('HTTP status 404', { mayHaveActed: false }));
    check.lapse();
    await reporter.report(1);
    expect(hub.status(1)).toBe('completed');
  });

  it('knows another command under the id of one that is to be claimed, once the hub is back', async () => {
    const before = powerCommand({ id: 1, fqdn: 'one.lab' });
    await check.passed();
    expect(check.isAnother(before)).toBe(false);
    hub.queue(powerCommand({ id: 1, fqdn: 'two.lab' }));
    check.lapse();
    await check.passed();
    expect(check.isAnother(before)).toBe(true);
    expect(check.isAnother(powerCommand({ id: 1, fqdn: 'Two.lab' }))).toBe(false);
    check.listed([]);
    expect(check.isAnother(before)).toBe(false);
  });

  it('asks two lists in a row, since one may be older than the claim', () => {
    const command = powerCommand({ id: 1 });
    state.journal.claiming(command, 1000, []);
    check.listed([command]);
    state.journal.claimed(1);
    check.listed([command]);
    expect(state.journal.entry(1)?.stage).toBe('claimed');
    check.listed([]);
    check.listed([command]);
    expect(state.journal.entry(1)?.stage).toBe('claimed');
    check.listed([command]);
    expect(state.journal.entry(1)).toBeUndefined();
  });

  it('believes one list that has another command under the id, also of a claim that is under way', () => {
    state.journal.claiming(powerCommand({ id: 1, fqdn: 'one.lab' }), 1000, []);
    check.listed([powerCommand({ id: 1, fqdn: 'two.lab' })]);
    expect(state.journal.entry(1)).toBeUndefined();
  });
});
