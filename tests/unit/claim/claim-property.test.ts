import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { claim, type ClaimOptions } from '../../../src/claim/claim.ts';
import type { Claim } from '../../../src/queue/handlers.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { type Behaviour, BEHAVIOURS, FakeHub } from '../../helpers/fake-hub.ts';
import { type JournalInDir, journalInDir } from '../../helpers/journal-in-dir.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';

/** One question: how the hub takes it, how it takes a look at the running list, and whether the worker dies at once after. */
interface Round {
  readonly claim: Behaviour;
  readonly look: Behaviour;
  readonly end: 'lives on' | 'dies' | 'dies before it can write';
}

const rounds = (of: { claims: readonly Behaviour[]; ends: readonly Round['end'][] }): fc.Arbitrary<Round[]> =>
  fc.array(
    fc.record({
      claim: fc.constantFrom(...of.claims),
      look: fc.constantFrom(...BEHAVIOURS),
      // Several questions in one life make faults final.
      end: fc.oneof(
        { weight: 6, arbitrary: fc.constant('lives on' as const) },
        { weight: 1, arbitrary: fc.constantFrom(...of.ends) },
      ),
    }),
    { maxLength: 20 },
  );

describe('claim, for any troubles of the hub and any deaths of the worker', () => {
  it('ends up with every command that the hub gave to it, and with no other', async () => {
    const troubling = [...BEHAVIOURS, 'fault', 'fault', 'lose the answer'] as const;
    const ends = ['dies', 'dies before it can write'] as const;
    await fc.assert(
      fc.asyncProperty(rounds({ claims: troubling, ends }), async (troubles) => {
        const result = await askThrough(troubles, new FakeHub([command]));
        expect(result.hub.status(7)).toBe(result.decision === 'won' ? 'Running' : 'Queued');
        expect(result.stage).toBe(result.decision === 'won' ? 'claimed' : undefined);
        expect(result.grants).toBe(result.decision === 'won' ? 1 : 0);
      }),
      { numRuns: 80 },
    );
  }, 30_000);

  it('never takes what the hub gave to somebody else, and told it so', async () => {
    // A refusal that is not heard, or not written down, cannot be told from a grant: the hub does not say who runs what.
    const audible = BEHAVIOURS.filter((behaviour) => behaviour !== 'lose the answer');
    await fc.assert(
      fc.asyncProperty(rounds({ claims: audible, ends: ['dies'] }), fc.nat(12), async (troubles, takenIn) => {
        const hub = new FakeHub([command]);
        const result = await askThrough(troubles, hub, (round) => {
          if (round === takenIn && hub.status(7) === 'Queued') hub.claimElsewhere(7);
        });
        const isOurs = result.decision === 'won';
        expect(result.stage).toBe(isOurs ? 'claimed' : undefined);
        if (result.takenElsewhere) expect(isOurs).toBe(false);
      }),
      { numRuns: 80 },
    );
  }, 30_000);
});

const command = powerCommand({ id: 7 });

interface Ending {
  readonly hub: FakeHub;
  readonly decision: Claim;
  readonly stage: string | undefined;
  readonly grants: number;
  readonly takenElsewhere: boolean;
}

/** Asks through all troubles, and then until it is decided. */
async function askThrough(
  troubles: readonly Round[],
  hub: FakeHub,
  before: (round: number) => void = () => undefined,
): Promise<Ending> {
  const state = journalInDir();
  let grants = 0;
  let takenElsewhere = false;
  try {
    let attempt = 0;
    let faults = new Map<number, number>();
    for (let round = 0; ; round += 1) {
      hub.onStep = () => (takenElsewhere = true);
      before(round);
      hub.onStep = () => (grants += 1);
      const { claim: ofClaim, look, end } = troubles[round] ?? CALM;
      hub.behave = (call) => (call === 'claim' ? ofClaim : look);
      attempt += 1;
      const result = await askOnce(state, hub, {
        attempt,
        faults,
        writes: end !== 'dies before it can write',
      });
      if (end === 'lives on' && result !== 'undecided') {
        const stage = state.journal.entry(7)?.stage;
        return { hub, decision: result, stage, grants, takenElsewhere };
      }
      if (end === 'lives on') continue;
      state.reopen();
      attempt = 0;
      faults = new Map();
      if (state.journal.entry(7)?.stage === 'claimed') {
        return { hub, decision: 'won', stage: 'claimed', grants, takenElsewhere };
      }
    }
  } finally {
    state.remove();
  }
}

const CALM: Round = { claim: 'answer', look: 'answer', end: 'lives on' };

function askOnce(
  { journal }: JournalInDir,
  hub: FakeHub,
  { attempt, faults, writes }: { attempt: number; faults: Map<number, number>; writes: boolean },
): Promise<Claim> {
  const dying: ClaimOptions['journal'] = {
    entry: (id) => journal.entry(id),
    claiming: (...args) => journal.claiming(...args),
    claimed: () => undefined,
    forget: () => undefined,
    alsoReplyTo: () => undefined,
  };
  const arrival = { receivedAt: 1000, replies: [], attempt };
  return claim(command, arrival, {
    hub,
    journal: writes ? journal : dying,
    faults,
    whose: () => 'ours',
    log: silentLogger,
  });
}
