/**
 * What XML-RPC can say. Integers that a number cannot hold exactly are bigint, base64 is bytes, a date is its text as sent
 * (it has no time zone, so nobody but the sender knows the moment it means).
 */
export type XmlRpcValue =
  null | boolean | number | bigint | string | Uint8Array | readonly XmlRpcValue[] | XmlRpcStruct;

export interface XmlRpcStruct {
  readonly [name: string]: XmlRpcValue;
}

/** What can be encoded: a value, in which `undefined` stands for nil. */
export type XmlRpcInput =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly XmlRpcInput[]
  | { readonly [name: string]: XmlRpcInput };
