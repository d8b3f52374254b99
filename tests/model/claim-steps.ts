import type { NamedCommand, WorkerAnnouncement } from '../../src/broker/announcement.ts';
import { Roster, type Whose } from '../../src/roster/roster.ts';
import { announced, announcement } from '../helpers/announcements.ts';
import { put, type LabState, type WorkerState } from './lab-state.ts';
import { type Lab, type Steps, type WorkerNumber, fault, grant, step, withWorker } from './lab.ts';

/** What becomes of a question to the hub: the claim of command `id`. */
export function questionSteps(lab: Lab, state: LabState, w: WorkerNumber, id: number): Steps {
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
    const granted = grant(lab, state, id);
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
  const next = question === 'y' ? won(state, w, id) : refused(lab, state, w, id);
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

function refused(lab: Lab, state: LabState, w: WorkerNumber, id: number): LabState {
  const { memory, question, said } = state.workers[w];
  if (memory[id] === 'a' || state.hub[id] !== 'R') return lost(state, w, id);
  const whose = whoseIs(lab, state, w, id);
  if (whose === 'ours') return won(state, w, id);
  if (whose === 'theirs') return lost(state, w, id);
  return withWorker(state, w, {
    question: put(question, id, '.'),
    memory: put(memory, id, 'u'),
    said: said[id] === '.' ? put(said, id, '?') : said,
  });
}

/** The real decision, on what the other one has said. Who has lost its state is remembered under its old name, too. */
function whoseIs(lab: Lab, { workers }: LabState, w: WorkerNumber, id: number): Whose {
  if (!lab.rules.asksInDoubt) return 'ours';
  const other = workers[w === 0 ? 1 : 0];
  const said = workers[w].said[id] ?? '.';
  let now = 1_000_000;
  const roster = new Roster({ self: `w${w}`, now: () => now });
  roster.hearing(true);
  roster.heard(announcement({ worker: `w${w}`, answers: ['token'] }));
  if (other.hasLostState) roster.heard(announcement({ worker: w === 0 ? 'w1' : 'w0' }));
  const isAnswer = said !== '.' && said !== '?';
  const answers = isAnswer || !lab.rules.onlyAnswersCount ? ['token'] : [];
  const name = `w${w === 0 ? 1 : 0}${other.hasLostState ? '-anew' : ''}`;
  roster.heard(announcement({ worker: name, answers, ...saying(lab, said, id) }));
  now += 2_000;
  return roster.whose(id, ['token']);
}

function saying(lab: Lab, said: string, id: number): Partial<WorkerAnnouncement> {
  const commands: readonly NamedCommand[] = [announced(id)];
  if (said === 'r') return { running: [announced(id)] };
  if (said === 'd') return lab.rules.oneOfTwoDoubters ? { doubting: commands } : {};
  return said === 'a' ? { asking: commands } : {};
}

/** The other worker answers the question of one that doubts. */
export function answerSteps(state: LabState, w: WorkerNumber, id: number): Steps {
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
  if ('csoeE'.includes(journal[id] ?? '') && journal[id] !== '.') return 'r';
  if (journal[id] !== 'q') return 'n';
  return memory[id] === 'a' || memory[id] === 'A' ? 'a' : 'd';
}
