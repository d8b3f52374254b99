import { LiveView } from './live-view.ts';
import { PlainView } from './plain-view.ts';
import type { View } from './view.ts';

/** Standard output, or what a test takes for it. */
export type Screen = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns' | 'rows' | 'hasColors'>;

/** A picture that moves on a terminal, lines of text elsewhere. */
export function openView(out: Screen, environment: NodeJS.ProcessEnv): View {
  const canMoveCursor = out.isTTY && environment['TERM'] !== 'dumb';
  return canMoveCursor ? new LiveView(out, { isColoured: out.hasColors(environment) }) : new PlainView(out);
}
