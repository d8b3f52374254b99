import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestRunner, type Runner, STARTERS } from '../../helpers/runners.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** Says what it finds around it, a line `name=value` each. Names of the table in docs/operations.md. */
const PROBE = `#!/bin/sh
say() { printf '%s=%s\\n' "$1" "$2"; }
printf 'descriptors='
ls -m /proc/$$/fd
say input "$(readlink /proc/$$/fd/0)"
say output "$(stat -Lc %F /proc/$$/fd/1)"
say 'output and error' "$([ "$(readlink /proc/$$/fd/1)" = "$(readlink /proc/$$/fd/2)" ] && echo same)"
say session "$(ps -o sid= -p $$ | tr -d ' ')"
say group "$(ps -o pgid= -p $$ | tr -d ' ')"
say pid $$
say terminal "$( (: </dev/tty) 2>/dev/null && echo some || echo none)"
say 'working directory' "$(pwd -P)"
say umask "$(umask)"
say 'open files' "$(awk '/^Max open files/ { print $4, $5 }' /proc/$$/limits)"
say 'signals blocked' "$(awk '/^SigBlk/ { print $2 }' /proc/$$/status)"
say 'signals ignored' "$(awk '/^SigIgn/ { print $2 }' /proc/$$/status)"
say environment "$(tr '\\0' ' ' </proc/$$/environ)"
say arguments "$(tr '\\0' ' ' </proc/$$/cmdline)"
say 'oom score' "$(cat /proc/$$/oom_score_adj)"
say nice "$(ps -o ni= -p $$ | tr -d ' ')"
say user "$(id -ru):$(id -u) $(id -rg):$(id -g) $(id -G)"
`;

const ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', KEY: 'a value' };
const NO_SIGNALS = '0000000000000000';

const ourLimits = (): string => readFileSync('/proc/self/limits', 'utf8');

describe.each(STARTERS)('what a script finds around it, started by the %s starter', (starter) => {
  let runner: Runner;
  let found: Record<string, string>;
  let script: string;

  beforeAll(async () => {
    runner = await createTestRunner(starter);
    const { file, remove } = tempDir({ probe: PROBE });
    script = file('probe');
    const probe = { file: script, env: ENV, timeoutMs: 10_000, outputLimit: 10_000 };
    const { output } = await runner.run(probe);
    remove();
    found = Object.fromEntries(
      output
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  });
  afterAll(() => runner.remove());

  const sh = async (text: string): Promise<string> =>
    (await runner.run({ file: '/bin/sh', args: ['-c', text], env: ENV, timeoutMs: 10_000 })).output.trim();

  it('is /dev/null for input, and one pipe for both outputs', () => {
    expect(found).toMatchObject({ input: '/dev/null', output: 'fifo', 'output and error': 'same' });
  });

  it('is no other descriptor than the script itself, which the shell reads as 10, or what we inherited without close-on-exec', () => {
    const descriptors = found['descriptors']?.split(', ') ?? [];

    expect(descriptors.slice(0, 4)).toEqual(['0', '1', '10', '2']);
    // Node's spawn hands on what it was given itself, such as the descriptors of who started the tests.
    if (starter === 'posix') expect(descriptors).toHaveLength(4);
  });

  it('is a session and a group of its own, without a terminal', () => {
    const { pid } = found;

    expect(found).toMatchObject({ session: pid, group: pid, terminal: 'none' });
  });

  it('is the root directory', () => {
    expect(found['working directory']).toBe('/');
  });

  it("is the worker's umask, niceness, OOM score and user", () => {
    const umask = /^Umask:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];

    expect(found).toMatchObject({
      umask,
      'oom score': readFileSync('/proc/self/oom_score_adj', 'utf8').trim(),
    });
    expect(found['nice']).toBe('0');
    const [uid, gid] = [process.getuid?.(), process.getgid?.()];
    expect(found['user']).toMatch(new RegExp(`^${uid}:${uid} ${gid}:${gid}( |$)`));
  });

  it("is a soft limit of 1024 open files by the posix starter, and the worker's own by Node's", () => {
    const [, soft = '', hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(ourLimits()) ?? [];
    const expected = starter === 'posix' && Number(soft) > 1024 ? '1024' : soft;

    expect(found['open files']).toBe(`${expected} ${hard}`);
  });

  it("are the worker's other limits", async () => {
    const others = (limits: string): string[] =>
      limits
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('Max open files'));

    expect(others(await sh('cat /proc/self/limits'))).toEqual(others(ourLimits()));
  });

  it('is no signal blocked or ignored, though Node ignores SIGPIPE', () => {
    expect(found).toMatchObject({ 'signals blocked': NO_SIGNALS, 'signals ignored': NO_SIGNALS });
  });

  it('is its environment and nothing besides', () => {
    expect(found['environment']).toBe('PATH=/usr/sbin:/usr/bin:/sbin:/bin KEY=a value ');
  });

  it('is its path as the only argument', () => {
    expect(found['arguments']).toBe(`/bin/sh ${script} `);
  });

  it('is a writer that dies of SIGPIPE, as in any shell, when its reader is gone', async () => {
    const output = await sh("(yes; echo $? >&2) | head -n 1; sh -c 'kill -PIPE $$'; echo $?");

    // head(1) closes its input before it writes: either may come first.
    expect(output).toMatch(/^(y\n141|141\ny)\n141$/);
  });
});
