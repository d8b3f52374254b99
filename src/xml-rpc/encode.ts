import { FORBIDDEN_IN_XML, LOST } from '../whole-text.ts';
import type { XmlRpcInput } from './value.ts';

/** The text of a call. Throws a TypeError or RangeError for what XML-RPC cannot say (NaN, a bigint over 64 bits). */
export function encodeCall(method: string, params: readonly XmlRpcInput[]): string {
  return `${DECLARATION}<methodCall><methodName>${escapeText(method)}</methodName>${encodeParams(params)}</methodCall>`;
}

/** The text of an answer; throws as `encodeCall` does. */
export function encodeResponse(value: XmlRpcInput): string {
  return `${DECLARATION}<methodResponse>${encodeParams([value])}</methodResponse>`;
}

/** The text of an answer that says why there is none. */
export function encodeFault(code: number, text: string): string {
  const fault = encodeValue({ faultCode: code, faultString: text });
  return `${DECLARATION}<methodResponse><fault>${fault}</fault></methodResponse>`;
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

function encodeParams(params: readonly XmlRpcInput[]): string {
  return `<params>${params.map((param) => `<param>${encodeValue(param)}</param>`).join('')}</params>`;
}

function encodeValue(value: XmlRpcInput): string {
  return `<value>${encodeTyped(value)}</value>`;
}

function encodeTyped(value: XmlRpcInput): string {
  if (value === undefined || value === null) return '<nil/>';
  if (typeof value === 'string') return `<string>${escapeText(value)}</string>`;
  if (typeof value === 'boolean') return `<boolean>${value ? 1 : 0}</boolean>`;
  if (typeof value === 'number') return encodeNumber(value);
  if (typeof value === 'bigint') return encodeBigInt(value);
  return encodeObject(value);
}

function encodeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`XML-RPC has finite numbers only, found ${value}`);
  if (!Number.isSafeInteger(value)) return `<double>${value}</double>`;
  return value === (value | 0) ? `<int>${value}</int>` : `<i8>${value}</i8>`;
}

function encodeBigInt(value: bigint): string {
  if (value !== BigInt.asIntN(64, value)) throw new RangeError(`expected at most 64 bits, found ${value}`);
  return `<i8>${value}</i8>`;
}

function encodeObject(value: Exclude<XmlRpcInput, undefined | null> & object): string {
  if (value instanceof Uint8Array) return `<base64>${Buffer.from(value).toString('base64')}</base64>`;
  if (isArray(value)) return `<array><data>${value.map(encodeValue).join('')}</data></array>`;
  const members = Object.entries(value).map(
    ([name, member]) => `<member><name>${escapeText(name)}</name>${encodeValue(member)}</member>`,
  );
  return `<struct>${members.join('')}</struct>`;
}

// Array.isArray does not narrow a readonly array: https://github.com/microsoft/TypeScript/issues/17002
function isArray(value: XmlRpcInput): value is readonly XmlRpcInput[] {
  return Array.isArray(value);
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };

/** `text` as it stands between two tags; what XML 1.0 cannot carry becomes U+FFFD, by which `decodeCommand` knows that it was changed. */
export function escapeText(text: string): string {
  return text
    .replace(FORBIDDEN_IN_XML, LOST)
    .replace(/[&<>\r]/g, (character) => ESCAPES[character] ?? character);
}
