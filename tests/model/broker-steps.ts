import { put, type LabState } from './lab-state.ts';
import { type Lab, type Steps, type WorkerNumber, WORKERS, fault, step, withWorker } from './lab.ts';

/** What becomes of messages. */
export function brokerSteps(lab: Lab, state: LabState): Steps {
  const { messages, workers, hub } = state;
  return lab.ids.flatMap((id) => {
    const count = Number(messages[id]);
    const wasPublished = count > 0 || hub[id] !== 'Q' || workers.some(({ delivery }) => delivery[id] === 'm');
    const more = { ...state, messages: put(messages, id, String(Math.min(2, count + 1))) };
    const fewer = { ...state, messages: put(messages, id, String(count - 1)) };
    return [
      ...(wasPublished && lab.by === 'relay' ? fault('copy', `the message of ${id} is copied`, more) : []),
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
