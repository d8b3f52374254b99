import type { XmlRpcValue } from './value.ts';

/** What one XML-RPC document says: a call, or one of its two answers. */
export type XmlRpcMessage = XmlRpcCall | XmlRpcAnswer;

export interface XmlRpcCall {
  readonly kind: 'call';
  readonly method: string;
  readonly params: readonly XmlRpcValue[];
}

export type XmlRpcAnswer =
  | { readonly kind: 'response'; readonly value: XmlRpcValue }
  | { readonly kind: 'fault'; readonly code: number; readonly text: string };
