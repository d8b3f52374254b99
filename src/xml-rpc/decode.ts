import { SaxesParser } from 'saxes';
import { describeError } from '../errors.ts';
import { excerpt } from '../excerpt.ts';
import { LOST } from '../whole-text.ts';
import { DOCUMENT, RULES, type OpenElement, type Rule } from './grammar.ts';
import type { XmlRpcMessage } from './message.ts';
import { XmlRpcParseError, XmlRpcTooLargeError } from './xml-rpc-errors.ts';

export interface DecodeLimits {
  /** Size of the document; 64 MiB unless given. */
  readonly maxBytes?: number;
  /** Elements inside each other; 128 unless given, which is room for 40 structs. */
  readonly maxDepth?: number;
  /**
   * Whether characters that XML 1.0 forbids, written raw or as references, and bytes that are not UTF-8 are let through inside texts;
   * false unless given. Such a text holds a forbidden character or U+FFFD then, by which `isWholeText` knows it.
   */
  readonly keepsDamage?: boolean;
}

/** Reads a whole document. @throws XmlRpcParseError, XmlRpcTooLargeError */
export function decode(document: string | Uint8Array, limits?: DecodeLimits): XmlRpcMessage {
  const decoder = new Decoder(limits);
  decoder.write(typeof document === 'string' ? Buffer.from(document) : document);
  return decoder.end();
}

/**
 * Reads a document that arrives in pieces, which may be cut anywhere. Strict: UTF-8 only, no DOCTYPE (hence no entities but XML's own
 * five), no element that XML-RPC does not know, nothing missing and nothing left over. Only in texts it may be lenient: see `keepsDamage`.
 * Of no more use once it has thrown.
 */
export class Decoder {
  readonly #maxBytes: number;
  readonly #maxDepth: number;
  readonly #utf8: InstanceType<typeof TextDecoder>;
  readonly #xml = new SaxesParser();
  readonly #document: OpenElement = open('document', DOCUMENT);
  readonly #open: OpenElement[] = [];
  #current = this.#document;
  #bytes = 0;

  constructor({ maxBytes = 64 * 1024 * 1024, maxDepth = 128, keepsDamage = false }: DecodeLimits = {}) {
    this.#maxBytes = maxBytes;
    this.#maxDepth = maxDepth;
    this.#utf8 = new TextDecoder('utf-8', { fatal: !keepsDamage });
    if (keepsDamage) this.#xml.on('error', (error) => this.#forgive(error));
    this.#xml.on('opentagstart', ({ name }) => this.#openTag(name));
    this.#xml.on('text', (text) => this.#text(text));
    this.#xml.on('cdata', (text) => this.#text(text));
    this.#xml.on('closetag', () => this.#closeTag());
    this.#xml.on('xmldecl', ({ encoding = 'utf-8' }) => {
      if (!/^(?:utf-?8|us-ascii)$/i.test(encoding)) throw new XmlRpcParseError('expected the encoding UTF-8');
    });
    this.#xml.on('doctype', () => {
      throw new XmlRpcParseError('expected no DOCTYPE');
    });
  }

  /** Takes the next piece. @throws XmlRpcParseError, XmlRpcTooLargeError */
  write(chunk: Uint8Array): void {
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#maxBytes) throw new XmlRpcTooLargeError(this.#maxBytes);
    this.#parse(() => this.#xml.write(this.#utf8.decode(chunk, { stream: true })));
  }

  /** The message, now that all of it has been written. @throws XmlRpcParseError when something is missing */
  end(): XmlRpcMessage {
    this.#parse(() => this.#xml.write(this.#utf8.decode()).close());
    const { message } = this.#document;
    if (message === undefined) throw new XmlRpcParseError('expected a methodCall or a methodResponse');
    return message;
  }

  #parse(step: () => void): void {
    try {
      step();
    } catch (error) {
      const where = `line ${this.#xml.line}, column ${this.#xml.column}`;
      const what = describeError(error).replace(/^\d+:\d+: /, '');
      // Without the error as its cause: a log line would say the same twice.
      throw new XmlRpcParseError(`not XML-RPC at ${where}: ${excerpt(what)}`);
    }
  }

  /** Lets the parser go on after a forbidden character. One that was written raw is in the text as it is. */
  #forgive(error: Error): void {
    if (error.message.endsWith(FORBIDDEN_CHARACTER)) return;
    if (!error.message.endsWith(FORBIDDEN_REFERENCE)) throw error;
    // The text gets the reference itself, which looks like a text that is whole.
    this.#current.text += LOST;
  }

  #openTag(name: string): void {
    const around = this.#current;
    const rule = RULES.get(name);
    if (rule === undefined || !around.rule.holds.includes(name)) {
      throw new XmlRpcParseError(
        `${around.name}: expected ${expectation(around.rule)}, found <${name.slice(0, 40)}>`,
      );
    }
    if (this.#open.push(around) > this.#maxDepth) {
      throw new XmlRpcParseError(`expected elements at most ${this.#maxDepth} deep`);
    }
    this.#current = open(name, rule);
  }

  #text(text: string): void {
    const element = this.#current;
    if (element.rule.hasText) element.text += text;
    else if (text.trim() !== '') {
      throw new XmlRpcParseError(`${element.name}: expected ${expectation(element.rule)}, found text`);
    }
  }

  #closeTag(): void {
    const element = this.#current;
    this.#current = this.#open.pop() ?? this.#document;
    element.rule.close?.(element, this.#current);
  }
}

// In the words of saxes.
const FORBIDDEN_CHARACTER = ': disallowed character.';
const FORBIDDEN_REFERENCE = ': malformed character entity.';

// Half of all elements are leaves; they share one list that nobody can add to.
const NONE: never[] = [];

function open(name: string, rule: Rule): OpenElement {
  const leaf = rule.holds.length === 0;
  return { name, rule, text: '', names: leaf ? NONE : [], values: leaf ? NONE : [], message: undefined };
}

function expectation({ holds, hasText }: Rule): string {
  if (holds.length === 0) return hasText ? 'text' : 'nothing';
  return holds.map((name) => `<${name}>`).join(' or ');
}
