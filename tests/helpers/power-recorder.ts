import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isAlive } from './is-alive.ts';
import { tempDir } from './temp-dir.ts';
import type { ScriptLine } from './history-checker.ts';

/**
 * An admin's power scripts that record what they do. The power settings of a command tell them what to record: `user` is
 * the id of the command and `id` the system's FQDN. Types: `quick`; `brief` takes a fifth of a second, `lasting` two; `gated` takes until its
 * command is let through; `deaf` is `gated` and ignores SIGTERM; `shut` fails until its command is let through, `reviving` for all but `off`; `refusing` prints its
 * password and exits with 3.
 */
export interface PowerRecorder {
  /** For POWER_SCRIPTS_DIR. */
  readonly scriptsDir: string;
  lines(): readonly ScriptLine[];
  /** Lines of one command. */
  of(id: number, event?: ScriptLine['event']): readonly ScriptLine[];
  /** Lets the gated scripts of these commands end, now or when they run. */
  letThrough(...ids: readonly number[]): void;
  /** The scripts that have started and run still. */
  alive(): readonly number[];
  /** Ends what runs still, and deletes everything. */
  remove(): void;
}

/** Makes the scripts in a directory of their own. */
export function recordPower(): PowerRecorder {
  const dir = tempDir();
  const log = dir.file('log');
  for (const name of ['scripts', 'locks', 'gates']) mkdirSync(dir.file(name));
  writeFileSync(log, '');
  for (const [type, body] of Object.entries(BODIES)) {
    writeFileSync(dir.file(`scripts/${type}`), script(dir.path, body), { mode: 0o755 });
  }
  const lines = (): readonly ScriptLine[] => parse(readFileSync(log, 'utf8'));
  const alive = (): readonly number[] =>
    lines()
      .filter(({ event, pid }) => event === 'start' && isAlive(pid))
      .map(({ pid }) => pid);
  return {
    scriptsDir: dir.file('scripts'),
    lines,
    of: (id, event) => lines().filter((line) => line.id === id && (event ?? line.event) === line.event),
    letThrough: (...ids) => ids.forEach((id) => writeFileSync(dir.file(`gates/${id}`), '')),
    alive,
    remove: () => {
      for (const pid of alive()) endGroup(pid);
      dir.remove();
    },
  };
}

const WAIT_AT_GATE = 'while ! [ -e "$dir/gates/$power_user" ]; do sleep 0.05; done';

const BODIES = {
  quick: '',
  brief: 'sleep 0.2',
  lasting: 'sleep 2',
  gated: WAIT_AT_GATE,
  deaf: `trap '' TERM\n${WAIT_AT_GATE}`,
  reviving: '[ "$power_mode" = off ] || [ -e "$dir/gates/$power_user" ] || exit 1',
  shut: '[ -e "$dir/gates/$power_user" ] || exit 1',
  refusing: 'echo "no answer for $power_user from $power_address"; echo "tried $power_pass" >&2; exit 3',
};

/** The kernel lets go of a lock with the last process that holds it: an overlap is seen even with what a crash left behind. */
const script = (dir: string, body: string): string => `#!/bin/sh
dir='${dir}'
note() {
    echo "$1 $power_user $power_id \${power_address:--} $power_mode $$ $(date +%s%3N)" >>"$dir/log"
}
exec 8>"$dir/locks/system-$power_id"
flock -n 8 || note overlap
if [ -n "$power_address" ]; then
    exec 9>"$dir/locks/power-$power_address"
    flock -n 9 || note overlap
fi
note start
${body}
note end
`;

function parse(log: string): readonly ScriptLine[] {
  // A line may be half written just now.
  return log
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [event, id, fqdn = '', address = '', mode = '', pid, atMs] = line.split(' ');
      if (event !== 'start' && event !== 'end' && event !== 'overlap')
        throw new Error(`unexpected line: ${line}`);
      return {
        event,
        id: Number(id),
        fqdn,
        address: address === '-' ? '' : address,
        mode,
        pid: Number(pid),
        atMs: Number(atMs),
      };
    });
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended by itself, or is no leader of a group.
  }
}
