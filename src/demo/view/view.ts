import type { BoardCommand } from '../board.ts';
import type { Scene } from './scene.ts';

/** How the show is shown. */
export interface View {
  /** Something that is done before the show begins. */
  step(text: string): void;
  /** What there is to see has changed, or a moment has gone by; `ended` are the commands that ended since the last time. */
  show(scene: Scene, ended: readonly BoardCommand[]): void;
  /** The show is over: leaves what was last seen, and the terminal as it was. */
  close(): void;
}
