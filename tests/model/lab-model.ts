import type { NamedCommand, WorkerAnnouncement } from '../../src/broker/announcement-message.ts';
import { Roster, type Whose } from '../../src/roster/roster.ts';
import { announced, announcement } from '../helpers/announcements.ts';
import { keyOf, put, type Faults, type LabState, type RelayState, type WorkerState } from './lab-state.ts';
import type { Model, Step } from './search.ts';

/** A command of the modelled lab; its number is its place. */
export interface ModelCommand {
  readonly lane: string;
  /** A `reboot`, say: it must not be started twice. */
  readonly isOnce: boolean;
}

/** What the protocol promises itself; a rule that is switched off must be missed. */
export interface Rules {
  /** The running ids are asked for after the list of queued commands. */
  readonly queuedThenRunning: boolean;
  /** The relay publishes what is first in its lane. */
  readonly oneAtATime: boolean;
  /** Nothing newly listed is let through while something runs that nobody names. */
  readonly waitsForUnnamed: boolean;
  /** The question to the hub is journaled before it is asked. */
  readonly journalsQuestions: boolean;
  /** In doubt the other worker is asked. */
  readonly asksInDoubt: boolean;
  /** Of two that doubt, one has it. */
  readonly oneOfTwoDoubters: boolean;
  /** What was said before the doubt arose settles nothing. */
  readonly onlyAnswersCount: boolean;
  /** A returning worker asks the hub before it runs what it was given. */
  readonly asksOnReturn: boolean;
  /** A returning worker first ends what it left running. */
  readonly endsOldScripts: boolean;
}

export const RULES: Rules = {
  queuedThenRunning: true,
  oneAtATime: true,
  waitsForUnnamed: true,
  journalsQuestions: true,
  asksInDoubt: true,
  oneOfTwoDoubters: true,
  onlyAnswersCount: true,
  asksOnReturn: true,
  endsOldScripts: true,
};

export interface LabModelOptions {
  readonly commands: readonly ModelCommand[];
  /** Who brings the commands: a relay, or workers 0 and 1 by polling. */
  readonly by: 'relay' | 'polling';
  readonly faults: Partial<Faults>;
  readonly rules?: Partial<Rules>;
}

type Steps = Step<LabState>[];
type WorkerNumber = 0 | 1;
const WORKERS: readonly WorkerNumber[] = [0, 1];

/** A hub, a broker, a relay or polling, and two workers, the first of them the fallback primary; each message, call and fault is a step. */
export function labModel({ commands, by, faults, rules: changed = {} }: LabModelOptions): Model<LabState> {
  const rules = { ...RULES, ...changed };
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
  const initial: LabState = {
    hub: 'Q'.repeat(commands.length),
    messages: '0'.repeat(commands.length),
    script: none,
    starts: '0'.repeat(commands.length),
    done: none,
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

  const sameLane = (id: number): readonly number[] =>
    ids.filter((other) => other !== id && commands[other]?.lane === commands[id]?.lane);

  function step(name: string, to: LabState, violation?: string): Step<LabState> {
    return { name, to, isFault: false, violation };
  }
  function fault(kind: keyof Faults, name: string, to: LabState): Steps {
    if (to.left[kind] === 0) return [];
    const left = { ...to.left, [kind]: to.left[kind] - 1 };
    return [{ name: `FAULT ${name}`, to: { ...to, left }, isFault: true, violation: undefined }];
  }
  function withWorker(state: LabState, w: WorkerNumber, more: Partial<WorkerState>): LabState {
    const changed = { ...state.workers[w], ...more };
    return { ...state, workers: w === 0 ? [changed, state.workers[1]] : [state.workers[0], changed] };
  }

  function steps(state: LabState): Steps {
    return [
      ...(by === 'relay' ? relaySteps(state) : []),
      ...brokerSteps(state),
      ...WORKERS.flatMap((w) => workerSteps(state, w)),
      ...orphanSteps(state),
      ...scriptSteps(state),
    ];
  }

  // --- hub -----------------------------------------------------------------------------------------------------------------

  const letters = (text: string, letter: string): string =>
    text.replaceAll(new RegExp(`[^${letter}]`, 'g'), '.');

  /** A claim as the hub decides it. */
  function grant(state: LabState, id: number): { state: LabState; isGranted: boolean; violation?: string } {
    if (state.hub[id] !== 'Q') return { state, isGranted: false };
    const others = sameLane(id).filter((other) => state.hub[other] === 'R');
    const violation =
      others.length > 0 ? `${id} and ${others.join()} of one lane run at the hub together` : undefined;
    return {
      state: { ...state, hub: put(state.hub, id, 'R') },
      isGranted: true,
      ...(violation && { violation }),
    };
  }

  /** Whether any worker that is heard names the command: it runs it, or may have been given it. */
  function isNamed({ workers }: LabState, id: number, except?: WorkerNumber): boolean {
    return WORKERS.some((w) => w !== except && workers[w].isUp && workers[w].journal[id] !== '.');
  }

  // --- relay ---------------------------------------------------------------------------------------------------------------

  function relaySteps(state: LabState): Steps {
    const { relay, hub, messages } = state;
    const found: Steps = fault('restartRelay', 'the relay starts anew', { ...state, relay: initialRelay });
    const [first, second] = rules.queuedThenRunning ? ['Q', 'R'] : ['R', 'Q'];
    if (relay.look === undefined) {
      found.push(
        step('the relay asks the first half', { ...state, relay: { ...relay, look: letters(hub, first) } }),
      );
    } else {
      const halves = [relay.look, letters(hub, second)];
      const [queued = '', running = ''] = rules.queuedThenRunning ? halves : halves.reverse();
      found.push(
        step('the relay asks the second half', { ...state, relay: lookedAt(state, queued, running) }),
      );
    }
    for (const id of ids) {
      const publish = (name: string): void => {
        const count = Math.min(2, Number(messages[id]) + 1);
        const stands = put(relay.stands, id, 'p');
        found.push(
          step(name, { ...state, messages: put(messages, id, String(count)), relay: { ...relay, stands } }),
        );
      };
      const stands = relay.stands[id];
      if (stands === 'w' && (isFirstForRelay(relay, id) || !rules.oneAtATime))
        publish(`the relay publishes ${id}`);
      const isLost =
        messages[id] === '0' && !state.workers.some((w) => w.memory[id] !== '.' || w.journal[id] !== '.');
      if (stands === 'p' && hub[id] === 'Q' && isLost) publish(`the relay publishes ${id} again`);
      const heard = 'CA'.includes(hub[id] ?? '') ? 'e' : 'h';
      if ('wp'.includes(stands ?? '') && hub[id] !== 'Q' && stands !== '.') {
        const what = heard === 'e' ? `has ended` : 'runs';
        found.push(
          step(`the relay hears that ${id} ${what}`, {
            ...state,
            relay: { ...relay, stands: put(relay.stands, id, heard) },
          }),
        );
      }
      if (stands === 'h' && heard === 'e')
        found.push(
          step(`the relay hears that ${id} has ended`, {
            ...state,
            relay: { ...relay, stands: put(relay.stands, id, 'e') },
          }),
        );
    }
    return found;
  }

  function isFirstForRelay({ stands }: RelayState, id: number): boolean {
    return !sameLane(id).some(
      (other) => 'hp'.includes(stands[other] ?? '') || (stands[other] === 'w' && other < id),
    );
  }

  function lookedAt(state: LabState, queued: string, running: string): RelayState {
    const { relay } = state;
    const listed = merged(relay.listed, queued);
    let { stands } = relay;
    let isUnnamed = false;
    for (const id of ids) {
      if (running[id] !== 'R' || 'he'.includes(stands[id] ?? '')) continue;
      if (listed[id] === 'l' || isNamed(state, id)) stands = put(stands, id, 'h');
      else isUnnamed = true;
    }
    for (const id of ids) {
      const isListed = queued[id] === 'Q';
      if (isListed && stands[id] === '.' && (!isUnnamed || !rules.waitsForUnnamed))
        stands = put(stands, id, 'w');
      if (!isListed && 'wp'.includes(stands[id] ?? '') && running[id] !== 'R') stands = put(stands, id, '.');
      if (!isListed && stands[id] === 'h' && running[id] !== 'R' && !isNamed(state, id))
        stands = put(stands, id, 'e');
    }
    return { look: undefined, listed, stands };
  }

  function merged(listed: string, queued: string): string {
    return ids.map((id) => (queued[id] === 'Q' ? 'l' : (listed[id] ?? '.'))).join('');
  }

  // --- broker --------------------------------------------------------------------------------------------------------------

  function brokerSteps(state: LabState): Steps {
    const { messages, workers, hub } = state;
    return ids.flatMap((id) => {
      const count = Number(messages[id]);
      const wasPublished =
        count > 0 || hub[id] !== 'Q' || workers.some(({ delivery }) => delivery[id] === 'm');
      const more = { ...state, messages: put(messages, id, String(Math.min(2, count + 1))) };
      const fewer = { ...state, messages: put(messages, id, String(count - 1)) };
      return [
        ...(wasPublished && by === 'relay' ? fault('copy', `the message of ${id} is copied`, more) : []),
        ...(count > 0 ? fault('loseMessage', `the message of ${id} is lost`, fewer) : []),
        ...(count > 0 ? WORKERS.flatMap((w) => deliver(fewer, w, id)) : []),
      ];
    });
  }

  function deliver(state: LabState, w: WorkerNumber, id: number): Steps {
    const { isUp, memory, journal, elsewhere, delivery } = state.workers[w];
    if (!isUp) return [];
    const isThrough = elsewhere[id] === 'h' || 'csEe'.includes(journal[id] ?? '');
    const name = `worker ${w} gets the message of ${id}`;
    if (isThrough && (elsewhere[id] === 'h' || journal[id] !== '.')) return [step(name, state)];
    const taken = {
      delivery: put(delivery, id, 'm'),
      memory: memory[id] === '.' ? put(memory, id, 'l') : memory,
    };
    return [step(name, withWorker(state, w, taken))];
  }

  // --- workers -------------------------------------------------------------------------------------------------------------

  function workerSteps(state: LabState, w: WorkerNumber): Steps {
    const worker = state.workers[w];
    const late = ids
      .filter((id) => worker.late[id] === 'L')
      .map((id) => {
        const granted = grant(withWorker(state, w, { late: put(worker.late, id, '.') }), id);
        return step(
          `a late question of worker ${w} for ${id} comes to the hub`,
          granted.state,
          granted.violation,
        );
      });
    if (!worker.isUp) return [...late, ...downSteps(state, w)];
    return [
      ...late,
      ...crash(state, w),
      ...(by === 'polling' ? pollSteps(state, w) : []),
      ...ids.flatMap((id) => commandSteps(state, w, id)),
    ];
  }

  function commandSteps(state: LabState, w: WorkerNumber, id: number): Steps {
    const worker = state.workers[w];
    switch (worker.memory[id]) {
      case 'l':
      case 'u':
        return [
          ...(isFirstAt(worker, id) ? [ask(state, w, id)] : []),
          ...answerSteps(state, w, id),
          ...endedElsewhere(state, w, id),
        ];
      case 'a':
      case 'A':
        return [...questionSteps(state, w, id), ...answerSteps(state, w, id)];
      case 'r':
        return worker.journal[id] === 'c' ? [start(state, w, id)] : [];
      case 't':
        return [tell(state, w, id)];
      default:
        return endedElsewhere(state, w, id);
    }
  }

  function isFirstAt({ memory, elsewhere }: WorkerState, id: number): boolean {
    return !sameLane(id).some(
      (other) =>
        elsewhere[other] === 'h' ||
        'aArt'.includes(memory[other] ?? '') ||
        ('lu'.includes(memory[other] ?? '') && other < id),
    );
  }

  function ask(state: LabState, w: WorkerNumber, id: number): Step<LabState> {
    const { memory, journal, question } = state.workers[w];
    const isFirst = memory[id] === 'l' && journal[id] === '.';
    const more = {
      memory: put(memory, id, isFirst ? 'a' : 'A'),
      journal: rules.journalsQuestions ? put(journal, id, 'q') : journal,
      question: put(question, id, 's'),
    };
    return step(`worker ${w} asks for ${id}`, withWorker(state, w, more));
  }

  function questionSteps(state: LabState, w: WorkerNumber, id: number): Steps {
    const worker = state.workers[w];
    const question = worker.question[id];
    const given = { question: put(worker.question, id, '.'), memory: put(worker.memory, id, 'u') };
    const late = { ...given, late: put(worker.late, id, 'L') };
    const lost = [
      ...fault('loseAnswer', `worker ${w} hears no answer about ${id}`, withWorker(state, w, given)),
      ...(question === 's'
        ? fault('loseAnswer', `the question of worker ${w} for ${id} is late`, withWorker(state, w, late))
        : []),
    ];
    if (question === 's') {
      const granted = grant(state, id);
      const answered = withWorker(granted.state, w, {
        question: put(worker.question, id, granted.isGranted ? 'y' : 'n'),
      });
      return [
        ...lost,
        step(
          `the hub ${granted.isGranted ? 'gives' : 'refuses'} ${id} to worker ${w}`,
          answered,
          granted.violation,
        ),
      ];
    }
    const next = question === 'y' ? won(state, w, id) : refused(state, w, id);
    return [...lost, step(`worker ${w} hears the answer about ${id}`, next)];
  }

  function won(state: LabState, w: WorkerNumber, id: number): LabState {
    const { question, journal, memory, delivery, said } = state.workers[w];
    return withWorker(state, w, {
      question: put(question, id, '.'),
      journal: put(journal, id, 'c'),
      memory: put(memory, id, 'r'),
      delivery: put(delivery, id, '.'),
      said: put(said, id, '.'),
    });
  }

  function lost(state: LabState, w: WorkerNumber, id: number): LabState {
    const { question, journal, memory, delivery, said, elsewhere } = state.workers[w];
    return withWorker(state, w, {
      question: put(question, id, '.'),
      journal: put(journal, id, '.'),
      memory: put(memory, id, '.'),
      delivery: put(delivery, id, '.'),
      said: put(said, id, '.'),
      elsewhere: put(elsewhere, id, 'h'),
    });
  }

  function refused(state: LabState, w: WorkerNumber, id: number): LabState {
    const { memory, question, said } = state.workers[w];
    if (memory[id] === 'a' || state.hub[id] !== 'R') return lost(state, w, id);
    const whose = whoseIs(state, w, id);
    if (whose === 'ours') return won(state, w, id);
    if (whose === 'theirs') return lost(state, w, id);
    return withWorker(state, w, {
      question: put(question, id, '.'),
      memory: put(memory, id, 'u'),
      said: said[id] === '.' ? put(said, id, '?') : said,
    });
  }

  /** The real decision, on what the other one has said. Who has lost its state is remembered under its old name, too. */
  function whoseIs({ workers }: LabState, w: WorkerNumber, id: number): Whose {
    if (!rules.asksInDoubt) return 'ours';
    const other = workers[w === 0 ? 1 : 0];
    const said = workers[w].said[id] ?? '.';
    let now = 1_000_000;
    const roster = new Roster({ self: `w${w}`, now: () => now });
    roster.hearing(true);
    roster.heard(announcement({ worker: `w${w}` }));
    if (other.hasLostState) roster.heard(announcement({ worker: w === 0 ? 'w1' : 'w0' }));
    const isAnswer = said !== '.' && said !== '?';
    const answers = isAnswer || !rules.onlyAnswersCount ? ['token'] : [];
    const name = `w${w === 0 ? 1 : 0}${other.hasLostState ? '-anew' : ''}`;
    roster.heard(announcement({ worker: name, answers, ...saying(said, id) }));
    now += 2_000;
    return roster.whose(id, { token: 'token', askedAt: 1_000_000 });
  }

  function saying(said: string, id: number): Partial<WorkerAnnouncement> {
    const commands: readonly NamedCommand[] = [announced(id)];
    if (said === 'r') return { running: [announced(id)] };
    if (said === 'd') return rules.oneOfTwoDoubters ? { doubting: commands } : {};
    return said === 'a' ? { asking: commands } : {};
  }

  /** The other worker answers the question of one that doubts. */
  function answerSteps(state: LabState, w: WorkerNumber, id: number): Steps {
    const { said } = state.workers[w];
    const other = state.workers[w === 0 ? 1 : 0];
    if (said[id] === '.') return [];
    // Its former self never answers; after the grace nobody takes the command.
    const givenUp =
      other.hasLostState && state.workers[w].memory[id] === 'u'
        ? [step(`worker ${w} gives up its doubt about ${id}`, lost(state, w, id))]
        : [];
    if (!other.isUp) return givenUp;
    const answer = answerOf(other, id);
    if (said[id] === answer) return givenUp;
    return [
      ...givenUp,
      step(
        `worker ${w} hears what the other has of ${id}`,
        withWorker(state, w, { said: put(said, id, answer) }),
      ),
    ];
  }

  function answerOf({ journal, memory }: WorkerState, id: number): string {
    if ('cseE'.includes(journal[id] ?? '') && journal[id] !== '.') return 'r';
    if (journal[id] !== 'q') return 'n';
    return memory[id] === 'a' || memory[id] === 'A' ? 'a' : 'd';
  }

  function start(state: LabState, w: WorkerNumber, id: number): Step<LabState> {
    const { journal } = state.workers[w];
    const starts = Math.min(2, Number(state.starts[id]) + 1);
    const to = withWorker(
      { ...state, script: put(state.script, id, String(w)), starts: put(state.starts, id, String(starts)) },
      w,
      { journal: put(journal, id, 's') },
    );
    return step(`worker ${w} starts the script of ${id}`, to, startTrouble(state, id));
  }

  function startTrouble({ script, starts, hub }: LabState, id: number): string | undefined {
    const busy = [id, ...sameLane(id)].filter((other) => script[other] !== '.');
    if (busy.length > 0) return `the script of ${id} meets that of ${busy.join()}`;
    if (commands[id]?.isOnce === true && starts[id] !== '0') return `${id} is started twice`;
    const unended = sameLane(id).filter((other) => other < id && 'QR'.includes(hub[other] ?? ''));
    if (unended.length > 0) return `${id} is started before ${unended.join()} has ended`;
    const overtaken = sameLane(id).filter((other) => other > id && starts[other] !== '0');
    return overtaken.length > 0 ? `${id} is started after ${overtaken.join()}` : undefined;
  }

  function tell(state: LabState, w: WorkerNumber, id: number): Step<LabState> {
    const { journal, memory, delivery } = state.workers[w];
    const status = journal[id] === 'e' ? 'C' : 'A';
    const isNews = state.hub[id] === 'R';
    const isLie = isNews && status === 'C' && state.done[id] !== 'x';
    const to = withWorker({ ...state, hub: isNews ? put(state.hub, id, status) : state.hub }, w, {
      journal: put(journal, id, '.'),
      memory: put(memory, id, '.'),
      delivery: put(delivery, id, '.'),
    });
    return step(
      `worker ${w} tells how ${id} ended`,
      to,
      isLie ? `${id} completed without a script` : undefined,
    );
  }

  function endedElsewhere(state: LabState, w: WorkerNumber, id: number): Steps {
    const { elsewhere } = state.workers[w];
    if (elsewhere[id] !== 'h' || state.hub[id] === 'R') return [];
    return [
      step(
        `worker ${w} learns that ${id} has ended`,
        withWorker(state, w, { elsewhere: put(elsewhere, id, '.') }),
      ),
    ];
  }

  // --- polling -------------------------------------------------------------------------------------------------------------

  function pollSteps(state: LabState, w: WorkerNumber): Steps {
    const { look } = state.workers[w];
    const [first, second] = rules.queuedThenRunning ? ['Q', 'R'] : ['R', 'Q'];
    if (look === undefined) {
      const asked = withWorker(state, w, { look: letters(state.hub, first) });
      return [step(`worker ${w} asks the first half of a poll`, asked)];
    }
    const halves = [look, letters(state.hub, second)];
    const [queued = '', running = ''] = rules.queuedThenRunning ? halves : halves.reverse();
    return [step(`worker ${w} asks the second half of a poll`, polled(state, w, queued, running))];
  }

  function polled(state: LabState, w: WorkerNumber, queued: string, running: string): LabState {
    const worker = state.workers[w];
    const listed = merged(worker.listed, queued);
    let { memory, elsewhere } = worker;
    let isUnnamed = false;
    for (const id of ids) {
      if (running[id] !== 'R' || worker.journal[id] !== '.' || elsewhere[id] === 'h') continue;
      if (listed[id] !== 'l' && !isNamed(state, id, w)) {
        isUnnamed = true;
        continue;
      }
      if (memory[id] === '.' || memory[id] === 'l') {
        elsewhere = put(elsewhere, id, 'h');
        memory = put(memory, id, '.');
      }
    }
    for (const id of ids) {
      const isNew = queued[id] === 'Q' && memory[id] === '.' && elsewhere[id] === '.';
      if (isNew && (!isUnnamed || !rules.waitsForUnnamed)) memory = put(memory, id, 'l');
    }
    return withWorker(state, w, { listed, memory, elsewhere, look: undefined });
  }

  // --- crashes and returns -------------------------------------------------------------------------------------------------

  function crash(state: LabState, w: WorkerNumber): Steps {
    const worker = state.workers[w];
    let { messages } = state;
    for (const id of ids) {
      if (worker.delivery[id] === 'm')
        messages = put(messages, id, String(Math.min(2, Number(messages[id]) + 1)));
    }
    const { isUp: _, ...dead } = {
      ...initialWorker,
      journal: worker.journal,
      hasLostState: worker.hasLostState,
    };
    const down = withWorker({ ...state, messages }, w, { ...dead, isUp: false, late: worker.late });
    const isAsking = ids.some((id) => worker.question[id] === 's');
    const late = ids.map((id) => (worker.question[id] === 's' ? 'L' : worker.late[id])).join('');
    return [
      ...fault('crash', `worker ${w} dies`, down),
      ...(isAsking
        ? fault('crash', `worker ${w} dies, its question is under way`, withWorker(down, w, { late }))
        : []),
    ];
  }

  function downSteps(state: LabState, w: WorkerNumber): Steps {
    const noScripts = state.script.replaceAll(String(w), '.');
    const lost = withWorker({ ...state, script: noScripts }, w, { journal: none, hasLostState: true });
    return [
      step(`worker ${w} returns`, returned(state, w)),
      ...fault('loseState', `the machine of worker ${w} is lost`, lost),
    ];
  }

  function returned(state: LabState, w: WorkerNumber): LabState {
    let { journal } = state.workers[w];
    let memory = none;
    for (const id of ids) {
      const stage = journal[id];
      const mayRun = state.hub[id] === 'R' || !rules.asksOnReturn;
      if (stage === 'q') memory = put(memory, id, 'u');
      else if (stage === 'c' || (stage === 's' && commands[id]?.isOnce !== true)) {
        journal = put(journal, id, mayRun ? 'c' : 'E');
        memory = put(memory, id, mayRun ? 'r' : 't');
      } else if (stage !== '.') {
        if (stage === 's') journal = put(journal, id, 'E');
        memory = put(memory, id, 't');
      }
    }
    const script = rules.endsOldScripts ? state.script.replaceAll(String(w), '.') : state.script;
    return withWorker({ ...state, script }, w, { isUp: true, journal, memory });
  }

  // --- orphans and scripts -------------------------------------------------------------------------------------------------

  /** The primary has heard nobody name it for the grace: nobody has it, or who has it is away for longer than the grace. */
  function orphanSteps(state: LabState): Steps {
    const [primary] = state.workers;
    if (!primary.isUp) return [];
    return ids.flatMap((id) => {
      if (state.hub[id] !== 'R' || isNamed(state, id)) return [];
      const aborted = { ...state, hub: put(state.hub, id, 'A') };
      const isSomebodys = state.workers.some(({ journal }) => journal[id] !== '.');
      // A script that its worker has left behind is taken to be over by then.
      if (isSomebodys)
        return state.script[id] === '.'
          ? fault('outliveGrace', `the primary calls ${id} orphaned`, aborted)
          : [];
      const isFalse = !state.workers.some(({ hasLostState }) => hasLostState);
      return [
        step(
          `the primary calls ${id} orphaned`,
          aborted,
          isFalse ? `${id} is called orphaned, though nobody lost it` : undefined,
        ),
      ];
    });
  }

  function scriptSteps(state: LabState): Steps {
    return ids
      .filter((id) => state.script[id] !== '.')
      .map((id) => {
        const w: WorkerNumber = state.script[id] === '0' ? 0 : 1;
        const over = { ...state, script: put(state.script, id, '.'), done: put(state.done, id, 'x') };
        const { isUp, memory, journal } = state.workers[w];
        const isWatched = isUp && memory[id] === 'r' && journal[id] === 's';
        const more = { journal: put(journal, id, 'e'), memory: put(memory, id, 't') };
        return step(`the script of ${id} ends`, isWatched ? withWorker(over, w, more) : over);
      });
  }

  return {
    initial,
    steps,
    keyOf,
    isDone: ({ hub }) => !/[QR]/.test(hub),
  };
}
