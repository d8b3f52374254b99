import { put, type LabState } from './lab-state.ts';
import { type Lab, type Steps, type WorkerNumber, isNamed, letters, step, withWorker } from './lab.ts';
import { merged } from './relay-steps.ts';

/** A poll, in two halves: the hub may change between them. */
export function pollSteps(lab: Lab, state: LabState, w: WorkerNumber): Steps {
  const { look } = state.workers[w];
  const [first, second] = lab.rules.queuedThenRunning ? ['Q', 'R'] : ['R', 'Q'];
  if (look === undefined) {
    const asked = withWorker(state, w, { look: letters(state.hub, first) });
    return [step(`worker ${w} asks the first half of a poll`, asked)];
  }
  const halves = [look, letters(state.hub, second)];
  const [queued = '', running = ''] = lab.rules.queuedThenRunning ? halves : halves.reverse();
  return [step(`worker ${w} asks the second half of a poll`, polled(lab, state, w, queued, running))];
}

function polled(lab: Lab, state: LabState, w: WorkerNumber, queued: string, running: string): LabState {
  const worker = state.workers[w];
  const listed = merged(lab, worker.listed, queued);
  let { memory, elsewhere } = worker;
  let isUnnamed = false;
  for (const id of lab.ids) {
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
  for (const id of lab.ids) {
    const isNew = queued[id] === 'Q' && memory[id] === '.' && elsewhere[id] === '.';
    if (isNew && (!isUnnamed || !lab.rules.waitsForUnnamed)) memory = put(memory, id, 'l');
  }
  return withWorker(state, w, { listed, memory, elsewhere, look: undefined });
}
