import { format, inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/secret.ts';

describe('a secret', () => {
  const secret = new Secret('hunter2');

  it('gives its value to those who ask for it by name', () => {
    expect(secret.reveal()).toBe('hunter2');
  });

  it.each<[string, () => string]>([
    ['as text', () => String(secret)],
    ['inside of text', () => format('%s and %o and %j', secret, secret, secret)],
    ['as JSON', () => JSON.stringify({ secret, list: [secret] })],
    ['under inspection', () => inspect({ deep: { secret } }, { depth: 9, showHidden: true })],
    ['among its members', () => JSON.stringify(Object.entries(Object.getOwnPropertyDescriptors(secret)))],
  ])('does not show %s', (_how, show) => {
    expect(show()).not.toContain('hunter2');
  });

  it('says that it hides something', () => {
    expect(String(secret)).toBe('[redacted]');
    expect(JSON.stringify({ secret })).toBe('{"secret":"[redacted]"}');
    expect(inspect(secret)).toBe('[redacted]');
  });

  it('masks its value everywhere in a text, without regard to what regular expressions make of it', () => {
    expect(secret.mask('hunter2hunter2 and hunter')).toBe('**************** and hunter');
    expect(new Secret('a.*$&').mask('a.*$& aXX')).toBe('******** aXX');
  });

  it('masks nothing when it is empty', () => {
    expect(new Secret('').mask('text')).toBe('text');
  });
});
