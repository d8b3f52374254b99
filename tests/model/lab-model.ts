import { brokerSteps } from './broker-steps.ts';
import { keyOf, type Faults, type LabState, type RelayState, type WorkerState } from './lab-state.ts';
import { WORKERS, type Lab, type ModelCommand, type Steps } from './lab.ts';
import { orphanSteps, scriptSteps } from './orphan-steps.ts';
import { relaySteps } from './relay-steps.ts';
import { RULES, type Rules } from './rules.ts';
import type { Model } from './search.ts';
import { workerSteps } from './worker-steps.ts';

export interface LabModelOptions {
  readonly commands: readonly ModelCommand[];
  /** Who brings the commands: a relay, or workers 0 and 1 by polling. */
  readonly by: 'relay' | 'polling';
  readonly faults: Partial<Faults>;
  readonly rules?: Partial<Rules>;
}

/** A hub, a broker, a relay or polling, and two workers, the first of them the fallback primary; each message, call and fault is a step. */
export function labModel({ commands, by, faults, rules = {} }: LabModelOptions): Model<LabState> {
  const ids = [...commands.keys()];
  const none = '.'.repeat(commands.length);
  const initialRelay: RelayState = { look: undefined, listed: none, stands: none };
  const initialWorker: WorkerState = {
    isUp: true,
    hasLostState: false,
    journal: none,
    memory: none,
    question: none,
    late: none,
    said: none,
    delivery: none,
    elsewhere: none,
    look: undefined,
    listed: none,
  };
  const lab: Lab = {
    commands,
    ids,
    none,
    by,
    rules: { ...RULES, ...rules },
    initialWorker,
    initialRelay,
    sameLane: (id) => ids.filter((other) => other !== id && commands[other]?.lane === commands[id]?.lane),
  };
  const initial: LabState = {
    hub: 'Q'.repeat(commands.length),
    messages: '0'.repeat(commands.length),
    script: none,
    starts: '0'.repeat(commands.length),
    done: none,
    isOff: none,
    relay: initialRelay,
    workers: [initialWorker, initialWorker],
    left: {
      crash: 0,
      loseState: 0,
      loseAnswer: 0,
      copy: 0,
      loseMessage: 0,
      restartRelay: 0,
      outliveGrace: 0,
      ...faults,
    },
  };

  return {
    initial,
    steps: (state) => stepsOf(lab, state),
    keyOf,
    isDone: ({ hub }) => !/[QR]/.test(hub),
  };
}

function stepsOf(lab: Lab, state: LabState): Steps {
  return [
    ...(lab.by === 'relay' ? relaySteps(lab, state) : []),
    ...brokerSteps(lab, state),
    ...WORKERS.flatMap((w) => workerSteps(lab, state, w)),
    ...orphanSteps(lab, state),
    ...scriptSteps(lab, state),
  ];
}
