import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decode, Decoder } from '../../../src/xml-rpc/decode.ts';
import { encodeCall, encodeFault, encodeResponse } from '../../../src/xml-rpc/encode.ts';
import type { XmlRpcInput } from '../../../src/xml-rpc/value.ts';

const sayable = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\uFFFE\uFFFF]/g, ''));
const double = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((number) => (number === 0 ? 0 : number));
const unsafeBigInt = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  .filter((big) => !Number.isSafeInteger(Number(big)));
const { value } = fc.letrec<{ value: XmlRpcInput }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    double,
    unsafeBigInt,
    sayable,
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value')),
    fc.dictionary(fc.oneof(sayable, fc.constantFrom('__proto__', 'constructor', '')), tie('value')),
  ),
}));

describe('an encoded message', () => {
  it('is decoded to what was encoded', () => {
    fc.assert(
      fc.property(sayable, fc.array(value), (method, params) => {
        expect(decode(encodeCall(method, params))).toEqual({ kind: 'call', method, params });
      }),
    );
    fc.assert(
      fc.property(value, (answer) => {
        expect(decode(encodeResponse(answer))).toEqual({ kind: 'response', value: answer });
      }),
    );
    fc.assert(
      fc.property(fc.integer(), sayable, (code, text) => {
        expect(decode(encodeFault(code, text))).toEqual({ kind: 'fault', code, text });
      }),
    );
  });

  it('may be cut into pieces anywhere, even inside a character', () => {
    fc.assert(
      fc.property(value, fc.infiniteStream(fc.integer({ min: 1, max: 7 })), (answer, sizes) => {
        const bytes = Buffer.from(encodeResponse(answer));
        const decoder = new Decoder();
        for (let at = 0; at < bytes.length;) {
          const size = Number(sizes.next().value);
          decoder.write(bytes.subarray(at, at + size));
          at += size;
        }
        expect(decoder.end()).toEqual({ kind: 'response', value: answer });
      }),
    );
  });

  it('is well-formed whatever text goes in, with U+FFFD for what XML cannot carry', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }), (text) => {
        const carried = text.replace(
          /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu,
          '\uFFFD',
        );
        expect(decode(encodeResponse(text))).toEqual({ kind: 'response', value: carried });
      }),
    );
  });
});
