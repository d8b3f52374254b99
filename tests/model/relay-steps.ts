import { put, type LabState, type RelayState } from './lab-state.ts';
import { type Lab, type Steps, fault, isNamed, letters, step } from './lab.ts';

/** What the relay does, and what goes wrong with it. */
export function relaySteps(lab: Lab, state: LabState): Steps {
  const { relay, hub, messages } = state;
  const found: Steps = fault('restartRelay', 'the relay starts anew', { ...state, relay: lab.initialRelay });
  const [first, second] = lab.rules.queuedThenRunning ? ['Q', 'R'] : ['R', 'Q'];
  if (relay.look === undefined) {
    found.push(
      step('the relay asks the first half', { ...state, relay: { ...relay, look: letters(hub, first) } }),
    );
  } else {
    const halves = [relay.look, letters(hub, second)];
    const [queued = '', running = ''] = lab.rules.queuedThenRunning ? halves : halves.reverse();
    found.push(
      step('the relay asks the second half', { ...state, relay: lookedAt(lab, state, queued, running) }),
    );
  }
  for (const id of lab.ids) {
    const publish = (name: string): void => {
      const count = Math.min(2, Number(messages[id]) + 1);
      const stands = put(relay.stands, id, 'p');
      found.push(
        step(name, { ...state, messages: put(messages, id, String(count)), relay: { ...relay, stands } }),
      );
    };
    const stands = relay.stands[id];
    if (stands === 'w' && (isFirstForRelay(lab, relay, id) || !lab.rules.oneAtATime))
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

function isFirstForRelay(lab: Lab, { stands }: RelayState, id: number): boolean {
  return !lab
    .sameLane(id)
    .some((other) => 'hp'.includes(stands[other] ?? '') || (stands[other] === 'w' && other < id));
}

function lookedAt(lab: Lab, state: LabState, queued: string, running: string): RelayState {
  const { relay } = state;
  const listed = merged(lab, relay.listed, queued);
  let { stands } = relay;
  let isUnnamed = false;
  for (const id of lab.ids) {
    if (running[id] !== 'R' || 'he'.includes(stands[id] ?? '')) continue;
    if (listed[id] === 'l' || isNamed(state, id)) stands = put(stands, id, 'h');
    else isUnnamed = true;
  }
  for (const id of lab.ids) {
    const isListed = queued[id] === 'Q';
    if (isListed && stands[id] === '.' && (!isUnnamed || !lab.rules.waitsForUnnamed))
      stands = put(stands, id, 'w');
    if (!isListed && 'wp'.includes(stands[id] ?? '') && running[id] !== 'R') stands = put(stands, id, '.');
    if (!isListed && stands[id] === 'h' && running[id] !== 'R' && !isNamed(state, id))
      stands = put(stands, id, 'e');
  }
  return { look: undefined, listed, stands };
}

export function merged(lab: Lab, listed: string, queued: string): string {
  return lab.ids.map((id) => (queued[id] === 'Q' ? 'l' : (listed[id] ?? '.'))).join('');
}
