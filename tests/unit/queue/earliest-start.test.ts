import { describe, expect, it } from '@jest/globals';
import { ACTIONS } from '../../../src/command.ts';
import { beginsRest, earliestStart } from '../../../src/queue/earliest-start.ts';
import { powerCommand } from '../../helpers/commands.ts';

const NOW = 1_000_000;

describe('earliestStart', () => {
  it('is the arrival when neither delay nor rest is asked for', () => {
    const facts = { receivedAt: NOW - 5_000, firstAt: NOW, lastPowerEnd: NOW };
    expect(earliestStart(powerCommand(), facts)).toBe(NOW - 5_000);
  });

  it('counts the delay from the arrival, not from when the lanes were free', () => {
    const facts = { receivedAt: NOW, firstAt: NOW + 60_000, lastPowerEnd: undefined };
    expect(earliestStart(powerCommand({ delayS: 10 }), facts)).toBe(NOW + 10_000);
  });

  it('counts the rest from the end of the last power command', () => {
    const facts = { receivedAt: NOW, firstAt: NOW, lastPowerEnd: NOW - 4_000 };
    expect(earliestStart(powerCommand({ quiescentPeriodS: 5 }), facts)).toBe(NOW + 1_000);
  });

  it('lets the system rest the whole period when nobody knows how long it has rested', () => {
    const facts = { receivedAt: NOW - 60_000, firstAt: NOW, lastPowerEnd: undefined };
    expect(earliestStart(powerCommand({ quiescentPeriodS: 5 }), facts)).toBe(NOW + 5_000);
  });

  it('lets delay and rest pass at the same time', () => {
    const facts = { receivedAt: NOW, firstAt: NOW, lastPowerEnd: NOW };
    expect(earliestStart(powerCommand({ quiescentPeriodS: 5, delayS: 3 }), facts)).toBe(NOW + 5_000);
    expect(earliestStart(powerCommand({ quiescentPeriodS: 3, delayS: 5 }), facts)).toBe(NOW + 5_000);
  });

  it('asks for no rest before a reboot or an interrupt', () => {
    const facts = { receivedAt: NOW, firstAt: NOW, lastPowerEnd: NOW };
    for (const action of ['reboot', 'interrupt'] as const) {
      expect(earliestStart(powerCommand({ action, quiescentPeriodS: 5 }), facts)).toBe(NOW);
    }
  });

  it('waits no longer than the whole when the journal comes from where the clock was ahead', () => {
    const facts = { receivedAt: NOW + 3_600_000, firstAt: NOW, lastPowerEnd: NOW + 3_600_000 };
    expect(earliestStart(powerCommand({ quiescentPeriodS: 5 }), facts)).toBe(NOW + 5_000);
    expect(earliestStart(powerCommand({ delayS: 10 }), facts)).toBe(NOW + 10_000);
  });
});

describe('a rest', () => {
  it('begins with the end of what switches the power, or may have, and of nothing else', () => {
    const begins = ACTIONS.filter((action) => beginsRest({ action }));
    expect([...begins].sort()).toEqual(['off', 'on', 'reboot']);
  });
});
