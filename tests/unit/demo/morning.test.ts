import { describe, expect, it } from '@jest/globals';
import { MACHINES, machineNamed, systemsFile } from '../../../src/demo/lab.ts';
import { MORNING, mustFail, WITHOUT_BROKER } from '../../../src/demo/morning.ts';

const acts = [...MORNING, WITHOUT_BROKER];
const requests = acts.flatMap((act) => act.requests);

describe('the morning', () => {
  it('is made for a dozen machines, and uses each of them', () => {
    expect(MACHINES).toHaveLength(12);
    expect(new Set(requests.map(({ fqdn }) => machineNamed(fqdn)))).toEqual(new Set(MACHINES));
  });

  it('has between 60 and 100 commands, one of which must fail', () => {
    expect(requests.length).toBeGreaterThanOrEqual(60);
    expect(requests.length).toBeLessThanOrEqual(100);
    expect(requests.filter(mustFail)).toHaveLength(1);
  });

  it('has captions that fit into 80 columns', () => {
    for (const { caption } of acts) expect(caption.length).toBeLessThanOrEqual(77);
  });

  it('ends in under a minute, even if every lane worked alone and each command waited a second to be picked up', () => {
    const busyS = new Map<string, number>();
    for (const { fqdn } of requests) {
      const { powerAddress, switchS, restS } = machineNamed(fqdn);
      busyS.set(powerAddress, (busyS.get(powerAddress) ?? 0) + switchS + restS);
    }
    const watchS = acts.reduce((sum, act) => sum + act.watchS + 1, 0);
    expect(Math.max(...busyS.values()) + watchS).toBeLessThan(60);
  });
});

describe('systemsFile', () => {
  it('lists the machines as the server reads them', () => {
    expect(JSON.parse(systemsFile())).toContainEqual({
      fqdn: 'd3.demo',
      quiescent_period: 2,
      power: { type: 'dummy', address: 'bmc-d3', id: '0.3' },
    });
  });
});
