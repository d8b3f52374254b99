import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { createLogger } from '../../src/logger.ts';
import type { Logger, LoggerOptions } from '../../src/logger.ts';
import { Secret } from '../../src/secret.ts';

describe('a log line', () => {
  it('is one object with time, level, event and facts, as JSON', () => {
    const [line] = logged({ format: 'json' }, (log) =>
      log.info('command ended', { id: 7, ok: true, list: [1] }),
    );
    expect(JSON.parse(line ?? '')).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: 'info',
      event: 'command ended',
      id: 7,
      ok: true,
      list: [1],
    });
  });

  it('is time, level, event and facts, as text', () => {
    const [line] = logged({ format: 'text' }, (log) =>
      log.warn('command ended', { id: 7, text: 'two words', empty: '', gone: undefined, inner: { a: 1 } }),
    );
    expect(line).toMatch(/^\S+Z WARN {2}command ended id=7 text="two words" empty="" inner="{\\"a\\":1}"$/);
  });

  it.each(['json', 'text'] as const)('stays one line whatever the facts hold, as %s', (format) => {
    const lines = logged({ format }, (log) => log.info('event', { output: 'one\ntwo\r\nthree' }));
    expect(lines).toHaveLength(1);
  });

  it.each(['json', 'text'] as const)('carries the facts of its child logger, as %s', (format) => {
    const lines = logged({ format }, (log) => {
      const child = log.child({ fqdn: 'sys1' }).child({ id: 7 });
      child.info('started', { attempt: 2 });
      log.info('other');
    });
    const facts =
      format === 'json' ? ['"fqdn":"sys1"', '"id":7', '"attempt":2'] : ['fqdn=sys1', 'id=7', 'attempt=2'];
    for (const fact of facts) expect(lines[0]).toContain(fact);
    expect(lines[1]).not.toContain('sys1');
  });

  it('is written from the level on that was asked for', () => {
    const lines = logged({ format: 'text', level: 'warn' }, (log) => {
      log.debug('one');
      log.info('two');
      log.warn('three');
      log.error('four');
    });
    expect(lines.map((line) => line.split(/\s+/)[2])).toEqual(['three', 'four']);
  });
});

describe.each(['json', 'text'] as const)('the log as %s', (format) => {
  it.each(['password', 'power_passwd', 'accessToken', 'Authorization', 'Set-Cookie', 'clientSecret'])(
    'hides what the key %s holds, at any depth',
    (key) => {
      const lines = logged({ format }, (log) => {
        log.info('event', { [key]: 'hunter2' });
        log.info('event', { inner: { list: [{ [key]: 'hunter2' }] } });
        log.child({ [key]: 'hunter2' }).info('event');
      });
      for (const line of lines) {
        expect(line).not.toContain('hunter2');
        expect(line).toContain('[redacted]');
      }
    },
  );

  it('hides secrets by their type, whatever the key', () => {
    const lines = logged({ format }, (log) => {
      log.info('event', { value: new Secret('hunter2'), inner: { list: [new Secret('hunter2')] } });
    });
    expect(lines.join()).not.toContain('hunter2');
  });

  it('masks known secrets wherever they turn up', () => {
    const secrets = [new Secret('hunter2'), new Secret('amqp://u:p@host')];
    const lines = logged({ format, secrets }, (log) => {
      log.info('failed to reach amqp://u:p@host', { error: 'bad login admin/hunter2' });
      log.child({ hunter2: 1 }).info('event', { inner: ['xhunter2x'] });
    });
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toMatch(/hunter2|u:p@host/);
    expect(lines.join()).toContain('********');
  });

  it('masks secrets with quotes and backslashes in them', () => {
    const odd = new Secret('a"b\\c');
    const [line] = logged({ format, secrets: [odd] }, (log) =>
      log.info('event', { error: `<${odd.reveal()}>` }),
    );
    expect(line).toContain('<********>');
  });

  it('hides numbers and lists under secret keys too', () => {
    const [line] = logged({ format }, (log) => log.info('event', { password: 12345, tokens: ['hunter2'] }));
    expect(line).not.toMatch(/12345|hunter2/);
  });

  it('takes no fact for a part of the line itself', () => {
    const [line] = logged({ format }, (log) =>
      log.info('command ended', { message: 'no route', level: 'x', time: 1 }),
    );
    expect(line).toMatch(
      format === 'json'
        ? /"level":"info","event":"command ended","message":"no route"/
        : /INFO {2}command ended message="no route"/,
    );
  });
});

describe.each(['json', 'text'] as const)('a log line about what others say, as %s', (format) => {
  const STEERING = ['\x1b', '\x07', '\x7f', '\x85', '\x9b', '\u2028', '\u202e', '\u2066', '\ufeff'];

  it.each(STEERING)('has no raw %j in values, keys, lists and the facts of a child logger', (character) => {
    const text = `a${character}b`;
    const [line = ''] = logged({ format }, (log) =>
      log.child({ [text]: text }).info(text, { text, [`${text}2`]: { [text]: [text] } }),
    );
    expect(line).not.toContain(character);
    expect(line).toContain(`\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  });

  it('holds the ends of a long text', () => {
    const [line = ''] = logged({ format }, (log) =>
      log.error('cannot list', { reason: `fault ${'x'.repeat(1_000_000)} end` }),
    );
    expect(line).toMatch(/fault x+ \[… of 1000010 characters …\] x+ end/);
    expect(line.length).toBeLessThan(3_000);
  });

  it.each([
    ['many texts', Array.from({ length: 10_000 }, () => 'x'.repeat(10_000))],
    [
      'many members',
      Object.fromEntries(Array.from({ length: 10_000 }, (_none, at) => [`k${at}`, 'x'.repeat(1_000)])),
    ],
    ['a long key', { ['k'.repeat(100_000)]: 1 }],
    ['many bytes', Buffer.alloc(1_000_000)],
    ['many controls', '\x1b'.repeat(100_000)],
    ['many numbers', Array.from({ length: 100_000 }, (_none, at) => at)],
    ['a deep one', deep(10_000)],
    ['a circle', circle()],
  ])('is short, whatever the facts are: %s', (_what, value) => {
    const [line = ''] = logged({ format }, (log) => log.info('event', { value }));
    expect(line).toContain('event');
    expect(line.length).toBeLessThan(70_000);
  });

  it('is written whatever the facts do', () => {
    const odd = {
      big: 12n,
      toJSON: {
        toJSON: () => {
          throw new Error('no');
        },
      },
      nothing: Number.NaN,
      error: new Error('refused'),
      date: new Date(0),
      call: () => 1,
    };
    const [line = ''] = logged({ format }, (log) => log.info('event', { odd: { ...odd } }));
    for (const part of ['12', 'unreadable', 'refused', '1970-01-01']) expect(line).toContain(part);
  });

  it('does not copy what it leaves out', () => {
    const text = 'x'.repeat(50_000_000);
    const startedAt = performance.now();
    const lines = logged({ format }, (log) => {
      for (let nth = 0; nth < 20; nth += 1) log.info('event', { text, nested: { list: [text, { text }] } });
    });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(lines[0]).toContain('of 50000000 characters');
  });
});

it('counts warnings that come again and again', () => {
  const lines = logged({ format: 'text' }, (log) => {
    for (let attempt = 1; attempt <= 5; attempt += 1) log.warn('no broker session', { attempt });
    log.info('broker session');
  });
  expect(lines.map((line) => line.replace(/^\S+ /, ''))).toEqual([
    'WARN  no broker session attempt=1',
    'WARN  no broker session attempt=5 repeated=4',
    'INFO  broker session',
  ]);
});

function deep(depth: number): unknown {
  let value: unknown = 'end';
  for (let at = 0; at < depth; at += 1) value = { value };
  return value;
}

function circle(): unknown {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
}

/** The lines that `log` writes. */
function logged(options: Partial<LoggerOptions>, log: (logger: Logger) => void): string[] {
  const stream = new PassThrough();
  log(createLogger({ level: 'info', format: 'json', stream, ...options }));
  const text = String(stream.read() ?? '');
  return text.split('\n').filter((line) => line !== '');
}
