import type { BoardCommand, Mode } from '../board.ts';

/** What there is to see at a moment. */
export interface Scene {
  readonly lab: string;
  /** The broker in a few words: `a private RabbitMQ`. */
  readonly broker: string;
  /** Undefined until the worker has said. */
  readonly mode: Mode | undefined;
  readonly caption: string;
  /** When the show began, in milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly commands: readonly BoardCommand[];
}

/** The mode in words. */
export function modeText({ mode, broker }: Pick<Scene, 'mode' | 'broker'>): string {
  if (mode === undefined) return 'starting';
  return mode === 'push' ? `pushed by ${broker}` : 'polling every second';
}

/** The part of a failure that its power script said: the last line of the message. */
export function reasonOf({ message }: Pick<BoardCommand, 'message'>): string {
  return message.trim().split('\n').at(-1) ?? '';
}

/** `0.31 s` */
export function inSeconds(ms: number, digits = 1): string {
  return `${(ms / 1000).toFixed(digits)} s`;
}
