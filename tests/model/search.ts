/** A step from one state to another, in words. */
export interface Step<S> {
  readonly name: string;
  readonly to: S;
  /** Something goes wrong; without it everything must still be able to end. */
  readonly isFault: boolean;
  /** What must not happen, when it has happened in this step. */
  readonly violation: string | undefined;
}

export interface Model<S> {
  readonly initial: S;
  steps(state: S): readonly Step<S>[];
  /** Equal for equal states, and for no others. */
  keyOf(state: S): string;
  /** Whether all is done. */
  isDone(state: S): boolean;
}

export interface Found {
  readonly states: number;
  readonly transitions: number;
  /** The shortest way to something that must not happen; undefined when nothing such can happen. */
  readonly violation: { readonly text: string; readonly trace: readonly string[] } | undefined;
}

interface Visited<S> {
  readonly state: S;
  /** Number of the state before, and the step that led here. */
  readonly from: number;
  readonly by: string;
  /** From which states a step that is no fault leads here. */
  readonly before: number[];
}

/** A search must not eat the machine. */
const MOST_STATES = 2_000_000;

/**
 * Visits every state that can be reached, nearest first. Finds the shortest way to a violation, or to a state from which, even if
 * nothing goes wrong any more, not everything can end.
 */
export function explore<S>(model: Model<S>): Found {
  const numbers = new Map<string, number>();
  const visited: Visited<S>[] = [];
  let transitions = 0;
  const enter = (state: S, from: number, by: string): number => {
    const key = model.keyOf(state);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    if (visited.length === MOST_STATES) throw new Error(`expected fewer than ${MOST_STATES} states`);
    numbers.set(key, visited.length);
    return visited.push({ state, from, by, before: [] }) - 1;
  };
  const traceTo = (number: number): string[] => {
    const here = visited[number];
    return here === undefined || here.from < 0 ? [] : [...traceTo(here.from), here.by];
  };
  enter(model.initial, -1, '');
  // Grows while it is walked.
  for (const [from, { state }] of visited.entries()) {
    for (const { name, to, isFault, violation } of model.steps(state)) {
      transitions += 1;
      if (violation !== undefined) {
        return {
          states: visited.length,
          transitions,
          violation: { text: violation, trace: [...traceTo(from), name] },
        };
      }
      const number = enter(to, from, name);
      if (!isFault) visited[number]?.before.push(from);
    }
  }
  const stuck = firstStuck(visited, (state) => model.isDone(state));
  const violation =
    stuck === undefined ? undefined : { text: 'not everything can end any more', trace: traceTo(stuck) };
  return { states: visited.length, transitions, violation };
}

/** The nearest state from which none is reached in which all is done, by steps that are no faults. */
function firstStuck<S>(visited: readonly Visited<S>[], isDone: (state: S) => boolean): number | undefined {
  const canEnd = new Uint8Array(visited.length);
  const open = [...visited.entries()].filter(([, { state }]) => isDone(state)).map(([number]) => number);
  for (const number of open) canEnd[number] = 1;
  for (let number = open.pop(); number !== undefined; number = open.pop()) {
    for (const before of visited[number]?.before ?? []) {
      if (canEnd[before] === 1) continue;
      canEnd[before] = 1;
      open.push(before);
    }
  }
  const stuck = canEnd.indexOf(0);
  return stuck === -1 ? undefined : stuck;
}
