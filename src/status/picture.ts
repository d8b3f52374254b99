import { RedrawnLines } from '../terminal/redrawn-lines.ts';
import { type LabView, viewAsJson } from './lab-view.ts';
import { renderLab } from './render-lab.ts';

/** Shows the lab, again and again. */
export interface Picture {
  show(view: LabView): void;
  /** Leaves the terminal as it was. */
  close(): void;
}

export type Screen = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns' | 'rows'>;

/** On a terminal each picture is drawn over the last; elsewhere one is written when something has changed. */
export function openPicture(
  out: Screen,
  { json, watch }: { readonly json: boolean; readonly watch: boolean },
): Picture {
  if (json) return written(out, (view) => viewAsJson(view), viewAsJson);
  if (watch && out.isTTY) return drawn(out);
  const text = (view: LabView, nowMs: number): string => renderLab(view, nowMs).join('\n');
  // Time alone is no news.
  return written(
    out,
    (view) => `${text(view, Date.now())}\n`,
    (view) => text(view, 0),
  );
}

function written(out: Screen, render: (view: LabView) => string, newsOf: (view: LabView) => string): Picture {
  let shown: string | undefined;
  return {
    show: (view) => {
      const news = newsOf(view);
      if (news === shown) return;
      shown = news;
      out.write(`${render(view)}\n`);
    },
    close: () => undefined,
  };
}

function drawn(out: Screen): Picture {
  const lines = new RedrawnLines(out);
  return {
    show: (view) => {
      const { width, height } = lines.room;
      const all = renderLab(view, Date.now());
      const hidden = all.length - height;
      const fitting = hidden > 0 ? [...all.slice(0, height - 1), `… ${hidden + 1} more lines`] : all;
      lines.draw(fitting.map((line) => (line.length > width ? `${line.slice(0, width - 1)}…` : line)));
    },
    close: () => lines.close(),
  };
}
