import type { LabCommand } from '../helpers/lab.ts';
import { Random } from './random.ts';

/** Three workers, the first of which is the fallback primary, and two relays. */
export const WORKERS = ['w1', 'w2', 'w3'] as const;
export const RELAYS = ['r1', 'r2'] as const;
export type WorkerName = (typeof WORKERS)[number];
export type MemberName = WorkerName | (typeof RELAYS)[number];
export const MEMBERS: readonly [MemberName, ...MemberName[]] = [...WORKERS, ...RELAYS];

/** What a plan does to whom. All but `copies` and `expire-sessions` last for a while, and then are undone. */
export type Fault =
  /** SIGKILL; started again afterwards, with its clock so many seconds off. */
  | { readonly kind: 'kill'; readonly who: MemberName; readonly clockOffS: number }
  /** SIGTERM; started again afterwards, when it has ended. */
  | { readonly kind: 'restart'; readonly who: MemberName }
  /** SIGSTOP, then SIGCONT. */
  | { readonly kind: 'freeze'; readonly who: MemberName }
  /** SIGKILL, and STATE_DIR is deleted. */
  | { readonly kind: 'lose-state'; readonly who: WorkerName }
  /** The way from one member to the broker or the hub. */
  | { readonly kind: 'way'; readonly who: MemberName; readonly to: Service; readonly fault: WayFault }
  /** The hub acts on a call, and its answer is lost. */
  | { readonly kind: 'lose-answers'; readonly who: MemberName }
  /** As before, but so many bytes of each connection's answers come, and then a reset or an end. */
  | {
      readonly kind: 'cut-answers';
      readonly who: MemberName;
      readonly afterBytes: number;
      readonly by: 'reset' | 'fin';
    }
  /** Its wall clock is set, and put right afterwards. */
  | { readonly kind: 'clock-step'; readonly who: MemberName; readonly clockOffS: number }
  /** What reads its log dies, and another comes afterwards; or stops, and goes on afterwards. */
  | { readonly kind: 'log-reader'; readonly who: MemberName; readonly how: 'dies' | 'stops' }
  /** There is no room left for its STATE_DIR. */
  | { readonly kind: 'full-disk'; readonly who: WorkerName }
  | { readonly kind: 'kill-broker' }
  | { readonly kind: 'hub-away'; readonly fault: WayFault }
  /** The hub closes each connection after one answer. */
  | { readonly kind: 'hub-closes' }
  /** The hub takes no outcome: its database is in trouble. */
  | { readonly kind: 'hub-refuses' }
  /** Messages that were published before come once more, in any order. */
  | { readonly kind: 'copies'; readonly count: number }
  | { readonly kind: 'expire-sessions' };

export type Service = 'broker' | 'hub';
export type WayFault = 'reset' | 'black-hole' | 'slow';

/** When something is to happen, in milliseconds from the start. */
interface Timed {
  readonly atMs: number;
}

export type PlannedFault = Timed & { readonly fault: Fault; readonly forMs: number };
export type PlannedCommand = Timed &
  LabCommand & {
    readonly action: string;
    readonly type: string;
    /** What the hub does with its outcome: refuses all but *aborted*; or any, since its system has moved to another lab. */
    readonly outcome?: 'refused' | 'moved' | undefined;
  };

/** All that is done to a lab, by its seed. */
export interface Plan {
  readonly seed: number;
  readonly durationMs: number;
  readonly commands: readonly PlannedCommand[];
  readonly faults: readonly PlannedFault[];
}

export interface PlanSize {
  readonly durationMs: number;
  readonly systems?: number;
  readonly commandsPerSecond?: number;
}

/** No fault lasts longer, so that whoever is away because of it is back well within the grace. */
export const LONGEST_FAULT_MS = 8_000;
/** What a grace must not be exceeded by, is left out of the last part of a plan: nothing would be learnt that waiting does not cost. */
const STATE_LOSS_EVERY_MS = 90_000;

/** Plans a run: the same seed and size give the same plan. */
export function planChaos(
  seed: number,
  { durationMs, systems = 300, commandsPerSecond = 6 }: PlanSize,
): Plan {
  const random = new Random(seed);
  return {
    seed,
    durationMs,
    commands: planCommands(random, { durationMs, systems, commandsPerSecond }),
    faults: planFaults(random, durationMs),
  };
}

function planCommands(random: Random, size: Required<PlanSize>): PlannedCommand[] {
  const { durationMs, systems, commandsPerSecond } = size;
  const planned: PlannedCommand[] = [];
  const count = Math.round((durationMs / 1000) * commandsPerSecond);
  let atMs = 0;
  while (planned.length < count) {
    const burst = Math.min(random.between(1, 40), count - planned.length);
    // A few systems get many commands, so that lanes have queues.
    const among = random.chance(0.5) ? random.between(3, 20) : systems;
    for (let nth = 0; nth < burst; nth += 1) {
      planned.push({ atMs, ...planCommand(random, planned.length + 1, random.between(1, among)) });
    }
    atMs += Math.round((burst / commandsPerSecond) * 1000 * (0.5 + random.fraction()));
    if (atMs > durationMs) atMs = random.between(0, durationMs);
  }
  // Numbers grow with time, as a hub's do.
  return planned.sort((a, b) => a.atMs - b.atMs).map((command, index) => ({ ...command, id: index + 1 }));
}

function planCommand(random: Random, id: number, system: number): Omit<PlannedCommand, 'atMs'> {
  const isPowered = system % 4 !== 0;
  return {
    id,
    fqdn: `sys${system}.lab.test`,
    address: isPowered ? `pdu${system % 40}` : '',
    action: random.pick(['on', 'on', 'off', 'off', 'reboot', 'reboot', 'interrupt']),
    type: random.pick(['quick', 'quick', 'quick', 'brief', 'brief', 'lasting', 'refusing']),
    ...(random.chance(0.1) && { delay: random.between(1, 3) }),
    ...(random.chance(0.2) && { quiescentPeriod: random.between(1, 3) }),
    ...(random.chance(0.02) && { outcome: random.pick(['refused', 'moved']) }),
  };
}

function planFaults(random: Random, durationMs: number): PlannedFault[] {
  const planned: PlannedFault[] = [];
  const freeAt = new Map<string, number>();
  const deck = new Deck(random);
  let stateLostAt = -Infinity;
  for (let atMs = 3_000; atMs < durationMs; atMs += random.between(400, 2_400)) {
    const fault = deck.draw((one) => (freeAt.get(targetOf(one)) ?? 0) <= atMs);
    if (fault === undefined) continue;
    if (fault.kind === 'lose-state') {
      if (atMs - stateLostAt < STATE_LOSS_EVERY_MS) continue;
      stateLostAt = atMs;
    }
    const forMs = random.between(200, LONGEST_FAULT_MS);
    planned.push({ atMs, fault, forMs });
    // A while of health between two faults of one target: what is broken for ever is not what a lab is. A broker that never stays for
    // as long as the grace would keep every orphan, and whatever may be in its lane, until the faults are over.
    const healthMs =
      fault.kind === 'kill-broker' ? random.between(90_000, 150_000) : random.between(3_000, 10_000);
    freeAt.set(targetOf(fault), atMs + forMs + healthMs);
  }
  return planned;
}

/** What must have recovered before it is hit again. */
function targetOf(fault: Fault): string {
  return 'who' in fault ? fault.who : fault.kind;
}

/** Faults in any order, each kind as often as any other: none comes again before all others had their turn, unless its target is busy. */
class Deck {
  readonly #random: Random;
  #cards: KindOfFault[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** The next fault whose target is free; undefined when there is none just now. */
  draw(isFree: (fault: Fault) => boolean): Fault | undefined {
    if (this.#cards.length === 0) this.#cards = this.#random.shuffle(KINDS);
    for (const [at, card] of this.#cards.entries()) {
      const fault = card(this.#random);
      if (!isFree(fault)) continue;
      this.#cards.splice(at, 1);
      return fault;
    }
    return undefined;
  }
}

type KindOfFault = (random: Random) => Fault;

const KINDS: readonly KindOfFault[] = [
  (random) => ({ kind: 'kill', who: random.pick(MEMBERS), clockOffS: 0 }),
  (random) => ({ kind: 'kill', who: random.pick(MEMBERS), clockOffS: random.pick(CLOCKS_OFF_S) }),
  (random) => ({ kind: 'restart', who: random.pick(MEMBERS) }),
  (random) => ({ kind: 'freeze', who: random.pick(MEMBERS) }),
  (random) => ({ kind: 'lose-state', who: random.pick(WORKERS) }),
  (random) => ({ kind: 'way', who: random.pick(MEMBERS), to: 'broker', fault: random.pick(WAY_FAULTS) }),
  (random) => ({ kind: 'way', who: random.pick(MEMBERS), to: 'hub', fault: random.pick(WAY_FAULTS) }),
  (random) => ({ kind: 'lose-answers', who: random.pick(MEMBERS) }),
  (random) => ({ kind: 'lose-answers', who: random.pick(WORKERS) }),
  (random) => ({
    kind: 'cut-answers',
    who: random.pick(MEMBERS),
    afterBytes: random.between(1, 3_000),
    by: random.pick(['reset', 'fin']),
  }),
  (random) => ({ kind: 'clock-step', who: random.pick(MEMBERS), clockOffS: random.pick(CLOCKS_OFF_S) }),
  (random) => ({ kind: 'clock-step', who: random.pick(MEMBERS), clockOffS: random.pick(CLOCKS_OFF_S) }),
  (random) => ({ kind: 'log-reader', who: random.pick(MEMBERS), how: 'dies' }),
  (random) => ({ kind: 'log-reader', who: random.pick(MEMBERS), how: 'stops' }),
  (random) => ({ kind: 'full-disk', who: random.pick(WORKERS) }),
  (random) =>
    random.chance(0.5) ? { kind: 'kill-broker' } : { kind: 'hub-away', fault: random.pick(WAY_FAULTS) },
  () => ({ kind: 'hub-closes' }),
  () => ({ kind: 'hub-refuses' }),
  (random) => ({ kind: 'copies', count: random.between(1, 50) }),
  () => ({ kind: 'expire-sessions' }),
];

const WAY_FAULTS = ['reset', 'black-hole', 'slow'] as const satisfies readonly WayFault[];

/** An hour, more than a day, and a year, in either direction. */
const CLOCKS_OFF_S = [-3_600, 3_600, -90_000, 90_000, -31_536_000, 31_536_000] as const;
