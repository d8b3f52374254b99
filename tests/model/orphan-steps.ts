import { put, type LabState } from './lab-state.ts';
import { type Lab, type Steps, type WorkerNumber, fault, isNamed, step, withWorker } from './lab.ts';

/** The primary has heard nobody name it for the grace: nobody has it, or who has it is away for longer than the grace. */
export function orphanSteps(lab: Lab, state: LabState): Steps {
  const [primary] = state.workers;
  if (!primary.isUp) return [];
  return lab.ids.flatMap((id) => {
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

/** Scripts end, watched or not. */
export function scriptSteps(lab: Lab, state: LabState): Steps {
  return lab.ids
    .filter((id) => state.script[id] !== '.')
    .map((id) => {
      const w: WorkerNumber = state.script[id] === '0' ? 0 : 1;
      const { isUp, memory, journal } = state.workers[w];
      const noScript = { ...state, script: put(state.script, id, '.') };
      const isWatched = isUp && memory[id] === 'r' && 'so'.includes(journal[id] ?? '');
      if (lab.commands[id]?.owesOn === true && journal[id] !== 'o') {
        const off = withWorker({ ...noScript, isOff: put(state.isOff, id, 'x') }, w, {
          journal: put(journal, id, 'o'),
        });
        return step(`the \`off\` of ${id} ends`, isWatched ? off : noScript);
      }
      const over = { ...noScript, done: put(state.done, id, 'x'), isOff: put(state.isOff, id, '.') };
      const more = { journal: put(journal, id, 'e'), memory: put(memory, id, 't') };
      return step(`the script of ${id} ends`, isWatched ? withWorker(over, w, more) : over);
    });
}
