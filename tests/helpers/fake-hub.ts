import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Command, encodeCommand, type Outcome } from '../../src/command.ts';
import type { HubClient } from '../../src/hub/hub-client.ts';
import { faultError, HubLoginError, HubUnreachableError } from '../../src/hub/hub-errors.ts';

/** What the hub does with a call: the last four answer with an error, and only `lose the answer` does what it was asked first. */
export type Behaviour = 'answer' | 'lose the answer' | 'be away' | 'fault' | 'refuse the login';
export const BEHAVIOURS = ['answer', 'lose the answer', 'be away', 'fault', 'refuse the login'] as const;

export type Call = 'queued' | 'running ids' | 'claim' | 'report';

type HubCalls = Pick<
  HubClient,
  | 'queuedCommands'
  | 'installation'
  | 'runningIds'
  | 'markRunning'
  | 'markCompleted'
  | 'markFailed'
  | 'markAborted'
>;

/** A hub without a network, which keeps the states of commands as Beaker does: each step compares and sets. */
export class FakeHub implements HubCalls {
  /** Decides what becomes of each call; all are answered unless it is replaced. */
  behave: (call: Call, id?: number) => Behaviour = () => 'answer';
  /** Told of each step that a command makes, when it is made. */
  onStep: (id: number, step: 'Running' | Outcome['status']) => void = () => undefined;
  /** Every call, as `claim 1` or `running ids`, in the order of arrival. */
  readonly calls: string[] = [];
  readonly #commands = new Map<number, Command>();
  readonly #states = new Map<number, 'Queued' | 'Running' | Outcome>();

  constructor(commands: readonly Command[] = []) {
    for (const command of commands) this.queue(command);
  }

  queue(command: Command): void {
    this.#commands.set(command.id, command);
    this.#states.set(command.id, 'Queued');
  }

  /** Where a command stands. */
  status(id: number): 'Queued' | 'Running' | Outcome['status'] | undefined {
    const state = this.#states.get(id);
    return typeof state === 'object' ? state.status : state;
  }

  outcome(id: number): Outcome | undefined {
    const state = this.#states.get(id);
    return typeof state === 'object' ? state : undefined;
  }

  queuedCommands(): Promise<readonly unknown[]> {
    return this.#call('queued', undefined, () => this.#idsIn('Queued').map((id) => this.#wireForm(id)));
  }

  /** What the hub calls itself; undefined for one that does not, as Beaker. */
  installationName: string | undefined;

  installation(): Promise<string | undefined> {
    return Promise.resolve(this.installationName);
  }

  runningIds(): Promise<readonly number[]> {
    return this.#call('running ids', undefined, () => this.#idsIn('Running'));
  }

  markRunning(id: number): Promise<void> {
    return this.#call('claim', id, () => this.claimElsewhere(id));
  }

  markCompleted(id: number): Promise<void> {
    return this.#end(id, { status: 'completed' });
  }

  markFailed(id: number, message: string, systemBroken: boolean): Promise<void> {
    return this.#end(id, { status: 'failed', message, systemBroken });
  }

  markAborted(id: number, message: string): Promise<void> {
    return this.#end(id, { status: 'aborted', message });
  }

  /** What another worker's claim does, at once. */
  claimElsewhere(id: number): void {
    if (this.#states.get(id) !== 'Queued') throw fault(`Command ${id} already run`);
    this.#states.set(id, 'Running');
    this.onStep(id, 'Running');
  }

  /** What another worker's report does, at once. */
  endElsewhere(id: number, outcome: Outcome = { status: 'completed' }): void {
    if (this.#states.get(id) !== 'Running') throw fault(`Command ${id} not running`);
    this.#states.set(id, outcome);
    this.onStep(id, outcome.status);
  }

  #end(id: number, outcome: Outcome): Promise<void> {
    return this.#call('report', id, () => this.endElsewhere(id, outcome));
  }

  async #call<T>(call: Call, id: number | undefined, act: () => T): Promise<T> {
    this.calls.push(id === undefined ? call : `${call} ${id}`);
    const behaviour = this.behave(call, id);
    await nextTurn();
    switch (behaviour) {
      case 'answer':
        return answerAfterwards(act());
      case 'lose the answer':
        attempt(act);
        throw new HubUnreachableError('the connection broke', { mayHaveActed: true });
      case 'be away':
        throw new HubUnreachableError('connection refused', { mayHaveActed: false });
      case 'fault':
        throw fault('(DataError) value out of range');
      case 'refuse the login':
        throw new HubLoginError('invalid username or password');
    }
  }

  #idsIn(state: 'Queued' | 'Running'): number[] {
    return [...this.#states].filter(([, now]) => now === state).map(([id]) => id);
  }

  #wireForm(id: number): unknown {
    const command = this.#commands.get(id);
    return command && encodeCommand(command);
  }
}

/** Between what the hub does and its answer there is time for other things to happen. */
async function answerAfterwards<T>(answer: T): Promise<T> {
  await nextTurn();
  return answer;
}

/** Whether it was done or refused, nobody will hear of it. */
function attempt(act: () => unknown): void {
  try {
    act();
  } catch {
    return;
  }
}

function fault(text: string): Error {
  return faultError('call', { code: 1, text });
}
