import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseLabcontrollerConf } from '../../../src/config/labcontroller-conf.ts';
import type { KeyClass } from '../../../src/config/labcontroller-conf.ts';
import type { ConfValue } from '../../../src/config/python/conf-value.ts';
import { valuesAsPython } from '../../helpers/python-text.ts';

describe('labcontroller.conf', () => {
  it.each<[string, ConfValue]>([
    [`'single'`, 'single'],
    [`"it's"`, "it's"],
    [`'tab\\tquote\\'octal\\101hex\\x41u\\u00e9U\\U0001F600'`, "tab\tquote'octalAhexAu\u00e9U\u{1F600}"],
    [`'unknown \\d stays'`, 'unknown \\d stays'],
    [`r'C:\\new'`, 'C:\\new'],
    [`u'text' b"more"`, 'textmore'],
    [`'''two\nlines "and" 'quotes' # no comment'''`, `two\nlines "and" 'quotes' # no comment`],
    [`"""a\\\nb"""`, 'ab'],
    [`'# no comment; no end' # a comment`, '# no comment; no end'],
    ['-17', -17],
    ['+ 3', 3],
    ['0o755', 0o755],
    ['0xFF', 255],
    ['0b101', 5],
    ['1_000_000', 1_000_000],
    ['00', 0],
    ['.5', 0.5],
    ['2.', 2],
    ['1.5e-3', 0.0015],
    ['True', true],
    ['False', false],
    ['None', null],
    ['()', []],
    [`('one')`, 'one'],
    [`('one',)`, ['one']],
    [`'bare', 'tuple'`, ['bare', 'tuple']],
    [`[1, (2, [3]),]`, [1, [2, [3]]]],
    [
      `{'a': {1: None}, True: [],}`,
      new Map<string | boolean, ConfValue>([
        ['a', new Map([[1, null]])],
        [true, []],
      ]),
    ],
    [`[\n  'over', # several\n\n  'lines'\n]`, ['over', 'lines']],
    [`'continued' \\\n  ' line'`, 'continued line'],
    [`'100%% of %s in %d' % ('it', 3.7)`, '100% of it in 3'],
    [`'%s/%s' % (None, True)`, 'None/True'],
    [`'%s' % '%s' % 'twice'`, 'twice'],
  ])('reads %s', (text, value) => {
    expect(valueOf(`KEY = ${text}\n`)).toEqual(value);
  });

  it('gives back any value that is written as Python', () => {
    fc.assert(
      fc.property(valuesAsPython, valuesAsPython, (one, other) => {
        const { entries, problems } = parse(`KEY = ${one.text}\nOTHER=${other.text} # end`);
        expect(problems).toEqual([]);
        expect(entries.get('KEY')?.value).toEqual(one.value);
        expect(entries.get('OTHER')?.value).toEqual(other.value);
      }),
    );
  });

  it('never fails but by saying what is wrong, whatever the text', () => {
    const fragments = fc.constantFrom(
      'KEY',
      '=',
      "'",
      '"',
      '"""',
      '[',
      ']',
      '{',
      '(',
      ')',
      ',',
      ':',
      '%',
      '\\',
      '\n',
      '1',
      '-',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(fragments, fc.string({ unit: 'binary', maxLength: 3 }))), (pieces) => {
        expect(() => parse(pieces.join(''))).not.toThrow();
      }),
    );
  });

  it('lets a value refer to keys above it, its own former value included', () => {
    const { entries, problems } = parse(
      `BASE = '/srv'\nKEY = '%s/x' % BASE\nKEY = '%s/y' % KEY\nBOTH = [BASE, KEY]`,
    );
    expect(problems).toEqual([]);
    expect(entries.get('BOTH')).toEqual({ value: ['/srv', '/srv/x/y'], line: 4 });
  });

  it('reads files of any line ending, and with a byte order mark', () => {
    expect(parse(`\uFEFFKEY = 1\r\nOTHER = 2\rBASE = 3; KEY = 4`).entries).toEqual(
      new Map([
        ['OTHER', { value: 2, line: 2 }],
        ['BASE', { value: 3, line: 3 }],
        ['KEY', { value: 4, line: 3 }],
      ]),
    );
  });

  it.each([
    ['', 'a string, number', 'the end of the line'],
    ['hello', 'the name of a key above', '`hello`'],
    ['os.environ["HOME"]', 'the name of a key above', '`os`'],
    [`f'{X}'`, 'a string', '`f`'],
    [`'half`, 'a string', 'a string without its closing quote'],
    [`'a' 1`, 'the end of the line', '`1`'],
    ['- "a"', 'a number', 'a string'],
    ['10L', 'a string, number', '`10L`'],
    ['0777', '0o', '`0777`'],
    ['9007199254740993', 'a number of less than 2^53', '`9007199254740993`'],
    ['1e999', 'a number of less than 2^53', '`1e999`'],
    ['[1 2]', '`,` or `]`', '`2`'],
    ['{1, 2}', '`:`', '`,`'],
    ['{[]: 1}', 'a string or a number as key', 'a list or a dict'],
    [`'\\xZZ'`, 'an escape with the code of a character', '`\\x`'],
    [`'\\U00110000'`, 'an escape with the code of a character', '`\\U`'],
    [`'%s %s' % 'one'`, '2 value(s) after %', '1'],
    [`'%s' % ('one', 'two')`, '1 value(s) after %', '2'],
    [`'%r' % 'one'`, '%s, %d or %%', 'another use of %'],
    [`'%d' % 'one'`, 'a number for %d', 'something else'],
    [`'%s' % {}`, 'text or a number for %s', 'a list or a dict'],
    ['1 if x else 2', 'the end of the line', '`if`'],
  ])('refuses %s as the value of a key that matters', (text, expected, found) => {
    const { entries, problems } = parse(`# comment\nKEY = ${text}\nOTHER = 1\n`);
    expect(problems).toEqual([{ key: 'KEY', line: 2, expected: expect.stringContaining(expected), found }]);
    expect([...entries.keys()]).toEqual(['OTHER']);
  });

  it('says all that is wrong, each with its line, and reads the rest', () => {
    const { entries, problems } = parse(`KEY = [\n  1,\n  nonsense,\n]\nOTHER = 2\nKEY2 = ?\nBASE = 'x' 'y`);
    expect(problems.map(({ key, line }) => [key, line])).toEqual([
      ['KEY', 3],
      ['KEY2', 6],
      ['BASE', 7],
    ]);
    expect([...entries.keys()]).toEqual(['OTHER']);
  });

  it('ignores values of other daemons that it cannot read, however many lines they have', () => {
    const { entries, problems } = parse(
      `IGNORED_A = [x for x in (\n 1,\n 2)]\nIGNORED_B = open('f').read()\nIGNORED_C += 'x'\nKEY = 1`,
    );
    expect(problems).toEqual([]);
    expect([...entries.keys()]).toEqual(['KEY']);
  });

  it('refuses to refer to a value that it could not read, even if an earlier one could be', () => {
    const { problems } = parse(`IGNORED = 1\nIGNORED = f()\nKEY = IGNORED`);
    expect(problems).toEqual([
      {
        key: 'KEY',
        line: 3,
        expected: expect.stringContaining('the name of a key above'),
        found: '`IGNORED`',
      },
    ]);
  });

  it.each(['import os', 'from secrets import KEY', 'if KEY:\n  pass', 'print("x")', 'KEY', '"KEY" = 1'])(
    'refuses the statement %s, because what it does is not done',
    (text) => {
      expect(parse(text).problems[0]).toEqual({
        key: undefined,
        line: 1,
        expected: 'KEY = value',
        found: 'another kind of statement',
      });
    },
  );

  it.each([
    ['KEY = 1\nIGNORED = [1,\nOTHER = 2', 2, '['],
    ['KEY = 1\nIGNORED = """text\nOTHER = 2', 2, '"""'],
    [`IGNORED = {'a': ('b'`, 1, '{'],
  ])('refuses a file in which something is never closed, whoever owns the key: %j', (text, line, opener) => {
    expect(parse(text).problems).toEqual([
      {
        key: undefined,
        line,
        expected: `the ${opener} opened here to be closed`,
        found: 'the end of the file',
      },
    ]);
  });

  it.each([
    'SECRET_KEY = hunter2',
    `SECRET_KEY = 'hunter2`,
    `SECRET_KEY = 'a' hunter2`,
    'SECRET_KEY hunter2',
    'SECRET_KEY: hunter2',
  ])('does not show what stands in place of a secret in %s', (text) => {
    const { problems } = parse(text);
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});

function parse(text: string): ReturnType<typeof parseLabcontrollerConf> {
  return parseLabcontrollerConf(text, classify);
}

function classify(key: string): KeyClass {
  if (key.startsWith('IGNORED')) return 'ignored';
  return key.startsWith('SECRET') ? 'secret' : 'known';
}

function valueOf(text: string): ConfValue | undefined {
  const { entries, problems } = parse(text);
  expect(problems).toEqual([]);
  return entries.get('KEY')?.value;
}
