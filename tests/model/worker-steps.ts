import type { Step } from './search.ts';
import { put, type LabState, type WorkerState } from './lab-state.ts';
import { type Lab, type Steps, type WorkerNumber, grant, step, withWorker } from './lab.ts';
import { answerSteps, questionSteps } from './claim-steps.ts';
import { crash, downSteps } from './crash-steps.ts';
import { pollSteps } from './poll-steps.ts';

/** What worker `w` does. */
export function workerSteps(lab: Lab, state: LabState, w: WorkerNumber): Steps {
  const worker = state.workers[w];
  const late = lab.ids
    .filter((id) => worker.late[id] === 'L')
    .map((id) => {
      const granted = grant(lab, withWorker(state, w, { late: put(worker.late, id, '.') }), id);
      return step(
        `a late question of worker ${w} for ${id} comes to the hub`,
        granted.state,
        granted.violation,
      );
    });
  if (!worker.isUp) return [...late, ...downSteps(lab, state, w)];
  return [
    ...late,
    ...crash(lab, state, w),
    ...(lab.by === 'polling' ? pollSteps(lab, state, w) : []),
    ...lab.ids.flatMap((id) => commandSteps(lab, state, w, id)),
  ];
}

function commandSteps(lab: Lab, state: LabState, w: WorkerNumber, id: number): Steps {
  const worker = state.workers[w];
  switch (worker.memory[id] ?? '.') {
    case 'l':
    case 'u':
      return [
        ...(isFirstAt(lab, worker, id) ? [ask(lab, state, w, id)] : []),
        ...answerSteps(state, w, id),
        ...endedElsewhere(state, w, id),
      ];
    case 'a':
    case 'A':
      return [...questionSteps(lab, state, w, id), ...answerSteps(state, w, id)];
    case 'r':
      if (worker.journal[id] === 'c') return [start(lab, state, w, id)];
      return worker.journal[id] === 'o' && state.script[id] !== String(w)
        ? [switchOn(lab, state, w, id)]
        : [];
    case 't':
      return [tell(state, w, id)];
    default:
      return endedElsewhere(state, w, id);
  }
}

function isFirstAt(lab: Lab, { memory, elsewhere }: WorkerState, id: number): boolean {
  return !lab
    .sameLane(id)
    .some(
      (other) =>
        elsewhere[other] === 'h' ||
        'aArt'.includes(memory[other] ?? '') ||
        ('lu'.includes(memory[other] ?? '') && other < id),
    );
}

function ask(lab: Lab, state: LabState, w: WorkerNumber, id: number): Step<LabState> {
  const { memory, journal, question } = state.workers[w];
  const isFirst = memory[id] === 'l' && journal[id] === '.';
  const more = {
    memory: put(memory, id, isFirst ? 'a' : 'A'),
    journal: lab.rules.journalsQuestions ? put(journal, id, 'q') : journal,
    question: put(question, id, 's'),
  };
  return step(`worker ${w} asks for ${id}`, withWorker(state, w, more));
}

function start(lab: Lab, state: LabState, w: WorkerNumber, id: number): Step<LabState> {
  const { journal } = state.workers[w];
  const starts = Math.min(2, Number(state.starts[id]) + 1);
  const to = withWorker(
    { ...state, script: put(state.script, id, String(w)), starts: put(state.starts, id, String(starts)) },
    w,
    { journal: put(journal, id, 's') },
  );
  const isTwice = lab.commands[id]?.isOnce === true && state.starts[id] !== '0';
  const trouble = laneTrouble(lab, state, id) ?? (isTwice ? `${id} is started twice` : undefined);
  return step(`worker ${w} starts the script of ${id}`, to, trouble);
}

/** The second half of a reboot, which may be repeated. */
function switchOn(lab: Lab, state: LabState, w: WorkerNumber, id: number): Step<LabState> {
  const to = { ...state, script: put(state.script, id, String(w)) };
  return step(`worker ${w} starts the \`on\` of ${id}`, to, laneTrouble(lab, state, id));
}

function laneTrouble(lab: Lab, { script, starts, hub }: LabState, id: number): string | undefined {
  const busy = [id, ...lab.sameLane(id)].filter((other) => script[other] !== '.');
  if (busy.length > 0) return `the script of ${id} meets that of ${busy.join()}`;
  const unended = lab.sameLane(id).filter((other) => other < id && 'QR'.includes(hub[other] ?? ''));
  if (unended.length > 0) return `${id} is started before ${unended.join()} has ended`;
  const overtaken = lab.sameLane(id).filter((other) => other > id && starts[other] !== '0');
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
  const isLeftOff = isNews && state.isOff[id] === 'x';
  const trouble = isLie
    ? `${id} completed without a script`
    : isLeftOff
      ? `the system of ${id} is left off`
      : undefined;
  return step(`worker ${w} tells how ${id} ended`, to, trouble);
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
