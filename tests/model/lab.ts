import type { Step } from './search.ts';
import { put, type Faults, type LabState, type RelayState, type WorkerState } from './lab-state.ts';
import type { Rules } from './rules.ts';

/** A command of the modelled lab; its number is its place. */
export interface ModelCommand {
  readonly lane: string;
  /** An `interrupt`, say: it must not be started twice. */
  readonly isOnce: boolean;
  /** A `reboot`: a script that must not be started twice, its `off`, and then one that may be, its `on`. */
  readonly owesOn: boolean;
}

/** What does not change in a modelled lab. */
export interface Lab {
  readonly commands: readonly ModelCommand[];
  /** Places of the commands. */
  readonly ids: readonly number[];
  /** Nothing, for each command. */
  readonly none: string;
  /** Who brings the commands: a relay, or both workers by polling. */
  readonly by: 'relay' | 'polling';
  readonly rules: Rules;
  readonly initialWorker: WorkerState;
  readonly initialRelay: RelayState;
  readonly sameLane: (id: number) => readonly number[];
}

export type Steps = Step<LabState>[];
export type WorkerNumber = 0 | 1;
export const WORKERS: readonly WorkerNumber[] = [0, 1];

/** A step in which nothing goes wrong, unless it is a violation. */
export function step(name: string, to: LabState, violation?: string): Step<LabState> {
  return { name, to, isFault: false, violation };
}

/** A fault, if one of its kind is left. */
export function fault(kind: keyof Faults, name: string, to: LabState): Steps {
  if (to.left[kind] === 0) return [];
  const left = { ...to.left, [kind]: to.left[kind] - 1 };
  return [{ name: `FAULT ${name}`, to: { ...to, left }, isFault: true, violation: undefined }];
}

/** The state with worker `w` changed. */
export function withWorker(state: LabState, w: WorkerNumber, more: Partial<WorkerState>): LabState {
  const changed = { ...state.workers[w], ...more };
  return { ...state, workers: w === 0 ? [changed, state.workers[1]] : [state.workers[0], changed] };
}

/** The text with all other letters left out. */
export function letters(text: string, letter: string): string {
  return text.replaceAll(new RegExp(`[^${letter}]`, 'g'), '.');
}

/** A claim as the hub decides it. */
export function grant(
  lab: Lab,
  state: LabState,
  id: number,
): { state: LabState; isGranted: boolean; violation?: string } {
  if (state.hub[id] !== 'Q') return { state, isGranted: false };
  const others = lab.sameLane(id).filter((other) => state.hub[other] === 'R');
  const violation =
    others.length > 0 ? `${id} and ${others.join()} of one lane run at the hub together` : undefined;
  return {
    state: { ...state, hub: put(state.hub, id, 'R') },
    isGranted: true,
    ...(violation && { violation }),
  };
}

/** Whether any worker that is heard names the command: it runs it, or may have been given it. */
export function isNamed({ workers }: LabState, id: number, except?: WorkerNumber): boolean {
  return WORKERS.some((w) => w !== except && workers[w].isUp && workers[w].journal[id] !== '.');
}
