/** *Gone*: to another lab, so that its outcome is nobody's business here any more. */
export type HubStatus = 'Queued' | 'Running' | 'Completed' | 'Failed' | 'Aborted' | 'Gone';

/** A change of a command at the hub; or that an outcome of it was refused, so that it runs on there while its worker is through with it. */
export interface HistoryEvent {
  readonly id: number;
  readonly status: HubStatus | 'Refused';
  readonly message?: string | null | undefined;
  readonly systemBroken?: boolean | undefined;
  readonly atMs: number;
}

/** What a power script recorded: that it began, that it came to its end, or that another one was at its machine. */
export interface ScriptLine {
  readonly event: 'start' | 'end' | 'overlap';
  readonly id: number;
  readonly fqdn: string;
  readonly address: string;
  readonly mode: string;
  readonly pid: number;
  readonly atMs: number;
}

export interface CheckedCommand {
  readonly id: number;
  readonly action: string;
  readonly fqdn: string;
  readonly address: string;
}

/** All that happened: the hub's side, in its order, and the machines' side, in theirs. */
export interface History {
  readonly commands: readonly CheckedCommand[];
  readonly events: readonly HistoryEvent[];
  readonly lines: readonly ScriptLine[];
}

/**
 * Everything that a history shows to have gone wrong, a sentence each: commands that did not end, or ended more than once, or
 * completed without having run; a lane with two commands at a time, or out of their order; actions run twice that must not be.
 */
export function violations(history: History): readonly string[] {
  return [...endings(history), ...runs(history), ...lanesOf(history).flatMap((lane) => laneTrouble(lane))];
}

function endings({ commands, events }: History): string[] {
  return commands.flatMap(({ id }) => {
    const statuses = events
      .filter((event) => event.id === id && event.status !== 'Refused')
      .map(({ status }) => status);
    const way = statuses.join(', ') || 'unknown';
    const isWhole = /^Queued, Running, (Completed|Failed|Aborted|Gone)$/.test(way);
    return isWhole ? [] : [`command ${id}: expected Queued, Running and one end, found ${way}`];
  });
}

function runs({ commands, events, lines }: History): string[] {
  return commands.flatMap(({ id, action }) => {
    const own = lines.filter((line) => line.id === id);
    const modes = (event: ScriptLine['event']): string[] =>
      own.filter((line) => line.event === event).map(({ mode }) => mode);
    const wanted = action === 'reboot' ? ['off', 'on'] : [action];
    const hasCompleted = events.some((event) => event.id === id && event.status === 'Completed');
    // A reboot that was cut short after its off still owes the on, which may be repeated like any other.
    const onceModes = { reboot: 'off', interrupt: 'interrupt' }[action];
    const repeated = modes('start').filter((mode) => mode === onceModes).length > 1;
    return [
      ...(hasCompleted && !wanted.every((mode) => modes('end').includes(mode))
        ? [`command ${id}: ${action} completed, but only this ran to its end: ${modes('end').join(', ')}`]
        : []),
      ...(repeated ? [`command ${id}: ${action} was repeated: ${modes('start').join(', ')}`] : []),
    ];
  });
}

interface Lane extends History {
  readonly name: string;
}

function lanesOf({ commands, events, lines }: History): Lane[] {
  const names = new Set(commands.flatMap(({ fqdn, address }) => [`system ${fqdn}`, `power ${address}`]));
  names.delete('power ');
  return [...names].map((name) => {
    const own = commands.filter(({ fqdn, address }) => [`system ${fqdn}`, `power ${address}`].includes(name));
    const isOwn = ({ id }: { id: number }): boolean => own.some((command) => command.id === id);
    return { name, commands: own, events: events.filter(isOwn), lines: lines.filter(isOwn) };
  });
}

function laneTrouble(lane: Lane): string[] {
  return [...overlaps(lane), ...disorder(lane)];
}

function overlaps({ name, events, lines }: Lane): string[] {
  const found = lines
    .filter(({ event }) => event === 'overlap')
    .map(({ id }) => `script of ${id} met another`);
  const running = new Set<number>();
  for (const { id, status } of events) {
    if (status === 'Running') running.add(id);
    else running.delete(id);
    if (running.size > 1) found.push(`running at the hub together: ${[...running].join(', ')}`);
  }
  return found.map((what) => `${name}: ${what}`);
}

function disorder({ name, lines }: Lane): string[] {
  const starts = lines.filter(({ event }) => event === 'start').map(({ id }) => id);
  // One after another by number, each as often as it was repeated, and never again once a later one has begun.
  const order = starts.filter((id, at) => id !== starts[at - 1]);
  const isSorted = order.every((id, at) => at === 0 || (order[at - 1] ?? 0) < id);
  return isSorted ? [] : [`${name}: ran in the order ${order.join(', ')}`];
}
