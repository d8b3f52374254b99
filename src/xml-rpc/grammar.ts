import type { XmlRpcMessage } from './message.ts';
import { SCALARS } from './scalar.ts';
import type { XmlRpcStruct, XmlRpcValue } from './value.ts';
import { XmlRpcParseError } from './xml-rpc-errors.ts';

/** An element that is still open, with what it holds so far. */
export interface OpenElement {
  readonly name: string;
  readonly rule: Rule;
  text: string;
  readonly names: string[];
  readonly values: XmlRpcValue[];
  message: XmlRpcMessage | undefined;
}

export interface Rule {
  /** Elements that may stand directly inside. */
  readonly holds: readonly string[];
  /** Whether it may hold text other than white space. */
  readonly hasText: boolean;
  /** Hands what the element says to the one around it; throws XmlRpcParseError when it says too much or too little. */
  readonly close?: (element: OpenElement, around: OpenElement) => void;
}

/** What stands around the outermost element; it ends up with the message. */
export const DOCUMENT: Rule = { holds: ['methodCall', 'methodResponse'], hasText: false };

/** The rule of each element of XML-RPC (http://xmlrpc.com/spec.md, and nil and i8 as Python and Apache write them). */
export const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['methodCall', { holds: ['methodName', 'params'], hasText: false, close: closeCall }],
  ['methodResponse', { holds: ['params', 'fault'], hasText: false, close: closeResponse }],
  ['methodName', { holds: [], hasText: true, close: handUpName }],
  ['params', { holds: ['param'], hasText: false, close: handUpList }],
  ['param', { holds: ['value'], hasText: false, close: handUpValue }],
  ['fault', { holds: ['value'], hasText: false, close: closeFault }],
  ['value', { holds: [...Object.keys(SCALARS), 'struct', 'array'], hasText: true, close: closeValue }],
  ['struct', { holds: ['member'], hasText: false, close: closeStruct }],
  ['member', { holds: ['name', 'value'], hasText: false, close: closeMember }],
  ['name', { holds: [], hasText: true, close: handUpName }],
  ['array', { holds: ['data'], hasText: false, close: handUpValue }],
  ['data', { holds: ['value'], hasText: false, close: handUpList }],
  ...Object.entries(SCALARS).map(([name, read]): [string, Rule] => [
    name,
    { holds: [], hasText: true, close: ({ text }, around) => around.values.push(read(text)) },
  ]),
]);

function closeCall({ name, names, values }: OpenElement, around: OpenElement): void {
  const method = only(names, `${name}: expected one methodName`);
  const params = values.length === 0 ? [] : only(values, `${name}: expected one params`);
  if (!Array.isArray(params)) throw new TypeError('params hands up a list');
  around.message = { kind: 'call', method, params };
}

function closeResponse({ name, values, message }: OpenElement, around: OpenElement): void {
  if (message !== undefined && values.length === 0) {
    around.message = message;
    return;
  }
  const params = message === undefined ? values[0] : undefined;
  if (values.length !== 1 || !Array.isArray(params))
    throw expected(`${name}: expected one params or one fault`);
  around.message = { kind: 'response', value: only<XmlRpcValue>(params, `${name}: expected one param`) };
}

function closeFault({ name, values }: OpenElement, around: OpenElement): void {
  const fault = only(values, `${name}: expected one value`);
  if (around.message !== undefined) throw expected(`${around.name}: expected one fault`);
  const { faultCode: code, faultString: text } = isStruct(fault) ? fault : {};
  if (typeof code !== 'number' || typeof text !== 'string') {
    throw expected(`${name}: expected a struct of an integer faultCode and a string faultString`);
  }
  around.message = { kind: 'fault', code, text };
}

function closeValue({ name, text, values }: OpenElement, around: OpenElement): void {
  if (values.length === 0) around.values.push(text);
  else if (text.trim() === '') around.values.push(only(values, `${name}: expected one element`));
  else throw expected(`${name}: expected text or an element, found both`);
}

function closeStruct({ name, names, values }: OpenElement, around: OpenElement): void {
  const struct: Record<string, XmlRpcValue> = {};
  for (let index = 0; index < values.length; index += 1) {
    const member = names[index] ?? '';
    if (Object.hasOwn(struct, member)) throw expected(`${name}: expected each member once`);
    define(struct, member, values[index] ?? null);
  }
  around.values.push(struct);
}

function define(struct: Record<string, XmlRpcValue>, name: string, value: XmlRpcValue): void {
  // Assigning to __proto__ would set the prototype; defined, it is a member like any other.
  if (name === '__proto__')
    Object.defineProperty(struct, name, { value, enumerable: true, writable: true, configurable: true });
  else struct[name] = value;
}

function closeMember({ name, names, values }: OpenElement, around: OpenElement): void {
  around.names.push(only(names, `${name}: expected one name`));
  around.values.push(only(values, `${name}: expected one value`));
}

function handUpName({ text }: OpenElement, around: OpenElement): void {
  around.names.push(text);
}

function handUpValue({ name, values }: OpenElement, around: OpenElement): void {
  around.values.push(only(values, `${name}: expected exactly one element`));
}

function handUpList({ values }: OpenElement, around: OpenElement): void {
  around.values.push(values);
}

function only<T>(items: readonly T[], expectation: string): T {
  const [first] = items;
  if (items.length !== 1 || first === undefined) throw expected(expectation, items.length);
  return first;
}

function expected(expectation: string, found?: number): XmlRpcParseError {
  return new XmlRpcParseError(found === undefined ? expectation : `${expectation}, found ${found}`);
}

function isStruct(value: XmlRpcValue): value is XmlRpcStruct {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}
