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

/** The lines that `log` writes. */
function logged(options: Partial<LoggerOptions>, log: (logger: Logger) => void): string[] {
  const stream = new PassThrough();
  log(createLogger({ level: 'info', format: 'json', stream, ...options }));
  const text = String(stream.read() ?? '');
  return text.split('\n').filter((line) => line !== '');
}
