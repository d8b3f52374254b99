import { describe, expect, it } from '@jest/globals';
import { decode } from '../../../src/xml-rpc/decode.ts';
import type { XmlRpcValue } from '../../../src/xml-rpc/value.ts';
import { XmlRpcParseError, XmlRpcTooLargeError } from '../../../src/xml-rpc/xml-rpc-errors.ts';

function response(inside: string): string {
  return `<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n${inside}</param>\n</params>\n</methodResponse>\n`;
}

function valueOf(inside: string): XmlRpcValue {
  const message = decode(response(`<value>${inside}</value>\n`));
  if (message.kind !== 'response') throw new Error(`expected a response, found a ${message.kind}`);
  return message.value;
}

describe('decoding a value', () => {
  it.each<[string, XmlRpcValue]>([
    ['text', 'text'],
    ['', ''],
    ['  kept  ', '  kept  '],
    ['a&lt;b<!-- comment -->c<![CDATA[<d>]]>', 'a<bc<d>'],
    ['<string/>', ''],
    ['\n<int> -7 </int>\n', -7],
    ['<i4>+7</i4>', 7],
    ['<i8>9007199254740991</i8>', Number.MAX_SAFE_INTEGER],
    ['<i8>9007199254740992</i8>', 9_007_199_254_740_992n],
    ['<int>3000000000</int>', 3_000_000_000],
    ['<double>1e-05</double>', 0.00001],
    ['<double>-.5</double>', -0.5],
    ['<double>inf</double>', Infinity],
    ['<boolean>1</boolean>', true],
    ['<boolean>0</boolean>', false],
    ['<nil/>', null],
    ['<ex:nil xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions"/>', null],
    ['<dateTime.iso8601>20240229T12:00:00</dateTime.iso8601>', '20240229T12:00:00'],
    ['<base64>\naGVs\nbG8=\n</base64>', Buffer.from('hello')],
    ['<array><data></data></array>', []],
    ['<struct></struct>', {}],
  ])('reads %s', (inside, expected) => {
    expect(valueOf(inside)).toEqual(expected);
  });

  it('reads a member called __proto__ like any other', () => {
    const struct = valueOf(
      '<struct><member><name>__proto__</name><value><struct><member><name>polluted</name><value>yes</value></member></struct></value></member></struct>',
    );
    expect(Object.getPrototypeOf(struct)).toBe(Object.prototype);
    expect(JSON.stringify(struct)).toBe('{"__proto__":{"polluted":"yes"}}');
    expect('polluted' in {}).toBe(false);
  });

  it.each([
    ['<int>1.5</int>', 'integer'],
    ['<int></int>', 'integer'],
    ['<int>0x10</int>', 'integer'],
    ['<i8>9223372036854775808</i8>', '64 bits'],
    ['<int>99999999999999999999999</int>', '64 bits'],
    ['<double>1,5</double>', 'number'],
    ['<boolean>true</boolean>', '0 or 1'],
    ['<base64>a*==</base64>', 'base64'],
    ['<nil>x</nil>', 'nil'],
    ['<date>1</date>', '<date>'],
    ['<int><int>1</int></int>', '<int>'],
    ['<int>1</int>2', 'found both'],
    ['<int>1</int><int>2</int>', 'expected one element, found 2'],
    ['<struct><value>1</value></struct>', 'expected <member>'],
    ['<struct><member><name>a</name></member></struct>', 'expected one value'],
    ['<struct><member><value>a</value></member></struct>', 'expected one name'],
    ['<struct>text</struct>', 'found text'],
    [
      '<struct><member><name>a</name><value/></member><member><name>a</name><value/></member></struct>',
      'each member once',
    ],
    ['<array></array>', 'exactly one'],
    ['<array><value/></array>', 'expected <data>'],
  ])('refuses %s', (inside, problem) => {
    expect(() => valueOf(inside)).toThrow(XmlRpcParseError);
    expect(() => valueOf(inside)).toThrow(problem);
  });
});

describe('decoding a message', () => {
  it('says where the problem is', () => {
    expect(() => decode('<methodResponse>\n  <wrong/>')).toThrow(
      /line 2, column \d+: methodResponse: expected <params> or <fault>, found <wrong>/,
    );
  });

  it('reads a fault, and a call without params', () => {
    const fault =
      '<struct><member><name>faultCode</name><value><int>1</int></value></member><member><name>faultString</name><value>no</value></member></struct>';
    expect(decode(`<methodResponse><fault><value>${fault}</value></fault></methodResponse>`)).toEqual({
      kind: 'fault',
      code: 1,
      text: 'no',
    });
    expect(decode('<methodCall><methodName>a.b</methodName></methodCall>')).toEqual({
      kind: 'call',
      method: 'a.b',
      params: [],
    });
  });

  const lines = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('');
  it.each([
    [
      'a billion laughs',
      `<!DOCTYPE l [<!ENTITY l0 "ha">${lines}]>${response('<value>&l9;</value>')}`,
      /DOCTYPE/,
    ],
    ['an external entity', `<!DOCTYPE a SYSTEM "file:///etc/passwd"><methodResponse/>`, /DOCTYPE/],
    ['an unknown entity', response('<value>&secret;</value>'), /entity/],
    ['an inherited name as an entity', response('<value>&constructor;</value>'), /entity/],
    ['a control character', response('<value>\u0001</value>'), /disallowed character/],
    ['a control character in disguise', response('<value>&#1;</value>'), /entity/],
    ['a second document', response('<value/>') + response('<value/>'), /line/],
    ['text after the end', `${response('<value/>')}garbage`, /outside/],
    ['nothing', '', /root element/],
    ['no XML', 'Internal Server Error', /not XML-RPC at line 1/],
    ['HTML', '<html><body/></html>', /found <html>/],
    ['another encoding', "<?xml version='1.0' encoding='latin-1'?><methodResponse/>", /UTF-8/],
    ['an empty response', '<methodResponse/>', /expected one params or one fault/],
    ['no result', '<methodResponse><params/></methodResponse>', /expected one param/],
    ['two results', response('<value/></param><param><value/>'), /expected one param, found 2/],
    [
      'a fault that is none',
      '<methodResponse><fault><value>no</value></fault></methodResponse>',
      /faultCode/,
    ],
    ['a call of nothing', '<methodCall><params/></methodCall>', /methodName/],
    ['crossed tags', '<methodResponse><params></methodResponse></params>', /line/],
  ])('refuses %s', (_what, document, problem) => {
    expect(() => decode(document)).toThrow(XmlRpcParseError);
    expect(() => decode(document)).toThrow(problem);
  });

  it('refuses bytes that are not UTF-8', () => {
    const document = Buffer.from(response('<value>x</value>'));
    document[document.indexOf('x')] = 0xff;
    expect(() => decode(document)).toThrow(XmlRpcParseError);
  });

  it('refuses a document cut off anywhere', () => {
    const document = response(
      '<value><array><data><value><int>12</int></value></data></array></value>',
    ).trim();
    for (let length = 0; length < document.length; length += 1) {
      expect(() => decode(document.slice(0, length))).toThrow(XmlRpcParseError);
    }
  });

  it('refuses what is nested deeper than allowed, before it costs the stack', () => {
    const nested = (levels: number): string =>
      response(`${'<value><array><data>'.repeat(levels)}${'</data></array></value>'.repeat(levels)}`);
    expect(() => decode(nested(40))).not.toThrow();
    expect(() => decode(nested(100_000))).toThrow('128 deep');
    expect(() => decode(nested(40), { maxDepth: 60 })).toThrow('60 deep');
  });

  it('refuses what is larger than allowed', () => {
    const document = response(`<value>${'x'.repeat(1000)}</value>`);
    expect(() => decode(document, { maxBytes: 1000 })).toThrow(XmlRpcTooLargeError);
    expect(() => decode(document, { maxBytes: document.length })).not.toThrow();
  });
});
