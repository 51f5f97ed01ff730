/** Connected parts of a mask and its holes, found on runs. Foreground joins also across corners, background does not. */

import type { Rle } from "./rle";
import { type ColumnRun, columnRuns, difference, emptyRle, fromColumnRuns } from "./rle_operations";

/** The parts of the foreground, in no particular order; `corners`: pixels that touch in a corner are joined. */
function parts(runs: readonly ColumnRun[], corners: boolean): ColumnRun[][] {
  const parent = runs.map((_, index) => index);
  const root = (index: number): number => {
    let at = index;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at] as number] as number;
      at = parent[at] as number;
    }
    return at;
  };
  const reach = corners ? 1 : 0;
  // `before` walks through the column on the left, along with the runs of this one.
  let before = 0;
  for (let i = 0; i < runs.length; i++) {
    const { x, top, bottom } = runs[i] as ColumnRun;
    const passed = (run: ColumnRun): boolean =>
      run.x < x - 1 || (run.x === x - 1 && run.bottom + reach <= top);
    while (before < i && passed(runs[before] as ColumnRun)) before++;
    for (let j = before; j < i; j++) {
      const run = runs[j] as ColumnRun;
      if (run.x !== x - 1 || run.top >= bottom + reach) break;
      parent[root(j)] = root(i);
    }
  }
  const found = new Map<number, ColumnRun[]>();
  for (let i = 0; i < runs.length; i++) {
    const at = root(i);
    const part = found.get(at);
    if (part) part.push(runs[i] as ColumnRun);
    else found.set(at, [runs[i] as ColumnRun]);
  }
  return [...found.values()];
}

const size = (part: readonly ColumnRun[]): number =>
  part.reduce((total, { top, bottom }) => total + bottom - top, 0);

/** The largest connected part alone. */
export function keepLargestPart(rle: Rle): Rle {
  const [largest] = parts(columnRuns(rle), true).sort((a, b) => size(b) - size(a));
  return largest ? fromColumnRuns(largest, rle.width, rle.height) : rle;
}

/** The mask with every hole filled: background that no way leads out of to the image's border. */
export function fillHoles(rle: Rle): Rle {
  const { width, height } = rle;
  const outside = parts(columnRuns(difference(everything(rle), rle)), false).filter((part) =>
    part.some(({ x, top, bottom }) => x === 0 || x === width - 1 || top === 0 || bottom === height),
  );
  const runs = outside.flat().sort((a, b) => a.x - b.x || a.top - b.top);
  return difference(everything(rle), fromColumnRuns(runs, width, height));
}

/** The mask without the connected part that holds the pixel. */
export function withoutPartAt(rle: Rle, x: number, y: number): Rle {
  const part = parts(columnRuns(rle), true).find((runs) =>
    runs.some((run) => run.x === x && run.top <= y && y < run.bottom),
  );
  return part ? difference(rle, fromColumnRuns(part, rle.width, rle.height)) : rle;
}

function everything({ width, height }: Rle): Rle {
  const nothing = emptyRle({ width, height });
  return { width, height, counts: Uint32Array.of(0, ...nothing.counts) };
}
