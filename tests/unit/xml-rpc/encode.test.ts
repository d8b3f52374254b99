import { describe, expect, it } from '@jest/globals';
import { encodeCall, encodeResponse } from '../../../src/xml-rpc/encode.ts';
import type { XmlRpcInput } from '../../../src/xml-rpc/value.ts';

/** The element that stands for `value`. */
function element(value: XmlRpcInput): string | undefined {
  return /<param><value>(.*)<\/value><\/param>/s.exec(encodeResponse(value))?.[1];
}

describe('encoding', () => {
  it('chooses the element by the size of a number', () => {
    expect(element(2_147_483_647)).toBe('<int>2147483647</int>');
    expect(element(-2_147_483_648)).toBe('<int>-2147483648</int>');
    expect(element(2_147_483_648)).toBe('<i8>2147483648</i8>');
    expect(element(2n ** 63n - 1n)).toBe('<i8>9223372036854775807</i8>');
    expect(element(0.5)).toBe('<double>0.5</double>');
    expect(element(1e300)).toBe('<double>1e+300</double>');
    expect(element(-0)).toBe('<int>0</int>');
  });

  it('writes nil for null and undefined', () => {
    expect(element(null)).toBe('<nil/>');
    expect(element({ a: undefined })).toBe(
      '<struct><member><name>a</name><value><nil/></value></member></struct>',
    );
  });

  it('escapes markup and keeps a carriage return from becoming a line feed', () => {
    expect(element('<a>&]]>\r\n')).toBe('<string>&lt;a&gt;&amp;]]&gt;&#13;\n</string>');
    expect(encodeCall('a<b', [])).toContain('<methodName>a&lt;b</methodName>');
  });

  it('replaces control characters and half characters', () => {
    expect(element('a\u0000b\u001bc\ud800d\ufffee😀')).toBe(
      '<string>a\ufffdb\ufffdc\ufffdd\ufffde😀</string>',
    );
  });

  it('refuses what XML-RPC cannot say', () => {
    expect(() => encodeResponse(NaN)).toThrow('finite');
    expect(() => encodeResponse(-Infinity)).toThrow('finite');
    expect(() => encodeResponse(2n ** 63n)).toThrow('64 bits');
  });
});
