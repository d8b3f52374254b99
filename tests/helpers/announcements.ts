import type { AnnouncedCommand, WorkerAnnouncement } from '../../src/broker/announcement.ts';

/** What an idle worker says, with `more`. */
export function announcement(more: Partial<WorkerAnnouncement> = {}): WorkerAnnouncement {
  const { worker = 'w1' } = more;
  return {
    lab: 'lab.test',
    worker,
    name: `${worker}:1`,
    mode: 'push',
    isPrimary: true,
    concurrency: 50,
    isLeaving: false,
    startedAtMs: 0,
    nth: 1,
    running: [],
    asking: [],
    doubting: [],
    elsewhere: [],
    waiting: {},
    lanes: {},
    troubles: [],
    last: [],
    answers: [],
    ...more,
  };
}

/** A command that a worker names as running. */
export function announced(id: number, more: Partial<AnnouncedCommand> = {}): AnnouncedCommand {
  return { id, fqdn: `sys${id}.lab.test`, action: 'on', address: '', stage: 'running', sinceMs: 0, ...more };
}
