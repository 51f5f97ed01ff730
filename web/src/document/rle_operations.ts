/** Set operations on run-length masks, without ever unpacking them. */

import { area, forEachRun, type Rle } from "./rle";
import { RunWriter } from "./run_writer";

type Keep = (inA: boolean, inB: boolean) => boolean;

export function emptyRle({ width, height }: { width: number; height: number }): Rle {
  return { width, height, counts: Uint32Array.of(width * height) };
}

export function isEmpty(rle: Rle): boolean {
  return area(rle) === 0;
}

export const union = (a: Rle, b: Rle): Rle => combine(a, b, (inA, inB) => inA || inB);
export const difference = (a: Rle, b: Rle): Rle => combine(a, b, (inA, inB) => inA && !inB);

/** Both masks walked together, from one change of either to the next. */
function combine(a: Rle, b: Rle, keep: Keep): Rle {
  const runs = new RunWriter();
  let [i, j] = [0, 0];
  let leftA = a.counts[0] ?? 0;
  let leftB = b.counts[0] ?? 0;
  while (i < a.counts.length && j < b.counts.length) {
    const length = Math.min(leftA, leftB);
    if (length > 0) runs.write(keep(i % 2 === 1, j % 2 === 1), length);
    leftA -= length;
    leftB -= length;
    if (leftA === 0) leftA = a.counts[++i] ?? 0;
    if (leftB === 0) leftB = b.counts[++j] ?? 0;
  }
  return { width: a.width, height: a.height, counts: runs.finish() };
}

/** Whether the pixel at column `x`, row `y` is foreground. */
export function contains(rle: Rle, x: number, y: number): boolean {
  if (x < 0 || y < 0 || x >= rle.width || y >= rle.height) return false;
  const position = x * rle.height + y;
  let end = 0;
  for (let i = 0; i < rle.counts.length; i++) {
    end += rle.counts[i] ?? 0;
    if (position < end) return i % 2 === 1;
  }
  return false;
}

/** Foreground rows `top` ≤ y < `bottom` of column `x`. */
export interface ColumnRun {
  readonly x: number;
  readonly top: number;
  readonly bottom: number;
}

export function columnRuns(rle: Rle): ColumnRun[] {
  const runs: ColumnRun[] = [];
  forEachRun(rle, (x, top, bottom) => runs.push({ x, top, bottom }));
  return runs;
}

/** A mask of the given runs, which must come column by column, top to bottom, without overlaps. */
export function fromColumnRuns(runs: Iterable<ColumnRun>, width: number, height: number): Rle {
  const written = new RunWriter();
  let position = 0;
  for (const { x, top, bottom } of runs) {
    const start = x * height + top;
    if (start > position) written.write(false, start - position);
    written.write(true, bottom - top);
    position = start + bottom - top;
  }
  if (position < width * height) written.write(false, width * height - position);
  return { width, height, counts: written.finish() };
}
