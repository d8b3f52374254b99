import { put, type LabState } from './lab-state.ts';
import { type Lab, type Steps, type WorkerNumber, fault, step, withWorker } from './lab.ts';

/** Worker `w` dies: what it had in memory is gone, its messages go back, its scripts go on. */
export function crash(lab: Lab, state: LabState, w: WorkerNumber): Steps {
  const worker = state.workers[w];
  let { messages } = state;
  for (const id of lab.ids) {
    if (worker.delivery[id] === 'm')
      messages = put(messages, id, String(Math.min(2, Number(messages[id]) + 1)));
  }
  const { journal, hasLostState, late: before } = worker;
  const dead = { ...lab.initialWorker, isUp: false, journal, hasLostState, late: before };
  const down = withWorker({ ...state, messages }, w, dead);
  const isAsking = lab.ids.some((id) => worker.question[id] === 's');
  const late = lab.ids.map((id) => (worker.question[id] === 's' ? 'L' : worker.late[id])).join('');
  return [
    ...fault('crash', `worker ${w} dies`, down),
    ...(isAsking
      ? fault('crash', `worker ${w} dies, its question is under way`, withWorker(down, w, { late }))
      : []),
  ];
}

/** What happens to worker `w` while it is down. */
export function downSteps(lab: Lab, state: LabState, w: WorkerNumber): Steps {
  const noScripts = state.script.replaceAll(String(w), '.');
  const lost = withWorker({ ...state, script: noScripts }, w, { journal: lab.none, hasLostState: true });
  return [
    step(`worker ${w} returns`, returned(lab, state, w)),
    ...fault('loseState', `the machine of worker ${w} is lost`, lost),
  ];
}

function returned(lab: Lab, state: LabState, w: WorkerNumber): LabState {
  let { journal } = state.workers[w];
  let memory = lab.none;
  for (const id of lab.ids) {
    const stage = journal[id];
    const mayRun = state.hub[id] === 'R' || !lab.rules.asksOnReturn;
    if (stage === 'q') memory = put(memory, id, 'u');
    else if (stage === 'c' || (stage === 's' && lab.commands[id]?.isOnce !== true)) {
      journal = put(journal, id, mayRun ? 'c' : 'E');
      memory = put(memory, id, mayRun ? 'r' : 't');
    } else if (stage === 'o' && lab.rules.takesUpTheOn) {
      journal = put(journal, id, mayRun ? (lab.rules.onlyTheOn ? 'o' : 'c') : 'E');
      memory = put(memory, id, mayRun ? 'r' : 't');
    } else if (stage !== '.') {
      if (stage !== 'e') journal = put(journal, id, 'E');
      memory = put(memory, id, 't');
    }
  }
  const script = lab.rules.endsOldScripts ? state.script.replaceAll(String(w), '.') : state.script;
  return withWorker({ ...state, script }, w, { isUp: true, journal, memory });
}
