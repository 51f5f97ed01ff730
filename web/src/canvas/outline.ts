/** The outline of a mask along its pixel edges. */

import { bounds, forEachRun, type Rle } from "../document/rle";

const FOREGROUND = 1;
const TOP_EDGE_SEEN = 2;

/**
 * Closed loops of pixel corners, each flat as [x0, y0, x1, y1, …] in the image frame, with corners only where the
 * direction changes. Outer borders run clockwise, holes the other way; foreground is 4-connected.
 */
export function traceOutline(rle: Rle): Int32Array[] {
  const box = bounds(rle);
  if (!box) return [];
  // One pixel of background all around saves every bounds check. Column by column, as runs are: a run is one fill, and
  // the outline of a large object can follow the brush.
  const column = box.bottom - box.top + 2;
  const pixels = new Uint8Array(column * (box.right - box.left + 2));
  const at = (x: number, y: number): number => (x - box.left + 1) * column + y - box.top + 1;
  forEachRun(rle, (x, top, bottom) => pixels.fill(FOREGROUND, at(x, top), at(x, bottom)));
  const loops: Int32Array[] = [];
  // Every loop has a top edge, and every top edge starts a vertical run.
  forEachRun(rle, (x, top) => {
    const start = at(x, top);
    if ((pixels[start] as number) & TOP_EDGE_SEEN || pixels[start - 1]) return;
    loops.push(followEdge(pixels, column, start, x, top));
  });
  return loops;
}

/** Steps along right, down, left, up. */
const DX = [1, 0, -1, 0];
const DY = [0, 1, 0, -1];

/** Walks with the foreground on the right hand, from the top-left corner of pixel `start`, until back there. */
function followEdge(
  pixels: Uint8Array,
  column: number,
  start: number,
  startX: number,
  startY: number,
): Int32Array {
  const corners: number[] = [startX, startY];
  // Offsets from the pixel whose top-left corner we stand on to the pixel ahead on the right and on the left.
  const right = [0, -column, -1 - column, -1];
  const left = [-1, 0, -column, -1 - column];
  const step = [column, 1, -column, -1];
  let index = start;
  let x = startX;
  let y = startY;
  let direction = 0;
  do {
    if (direction === 0) pixels[index] = (pixels[index] as number) | TOP_EDGE_SEEN;
    index += step[direction] as number;
    x += DX[direction] as number;
    y += DY[direction] as number;
    const before = direction;
    if (!pixels[index + (right[direction] as number)]) direction = (direction + 1) % 4;
    else if (pixels[index + (left[direction] as number)]) direction = (direction + 3) % 4;
    if (direction !== before) corners.push(x, y);
  } while (index !== start || direction !== 0);
  // Back at the first corner, which the loop's closing reaches by itself.
  if (corners.length > 2 && corners.at(-2) === startX && corners.at(-1) === startY) corners.length -= 2;
  return Int32Array.from(corners);
}

export function outlinePath(loops: readonly Int32Array[]): Path2D {
  const path = new Path2D();
  for (const loop of loops) {
    path.moveTo(loop[0] as number, loop[1] as number);
    for (let i = 2; i < loop.length; i += 2) path.lineTo(loop[i] as number, loop[i + 1] as number);
    path.closePath();
  }
  return path;
}

/**
 * The loop without corners that lie closer than `distance` to the one before: a staircase of steps too small to be seen
 * costs as much to draw as one of large steps.
 */
export function simplified(loop: Int32Array, distance: number): Int32Array {
  if (distance <= 1) return loop;
  const kept: number[] = [];
  let x = Number.NEGATIVE_INFINITY;
  let y = x;
  for (let i = 0; i < loop.length; i += 2) {
    const [nextX, nextY] = [loop[i] as number, loop[i + 1] as number];
    if (Math.max(Math.abs(nextX - x), Math.abs(nextY - y)) < distance) continue;
    kept.push(nextX, nextY);
    [x, y] = [nextX, nextY];
  }
  return kept.length < 6 ? loop : Int32Array.from(kept);
}

interface Traced {
  readonly loops: readonly Int32Array[];
  /** By the distance they were simplified to. */
  readonly paths: Map<number, Path2D>;
}

const traced = new WeakMap<Rle, Traced>();

/**
 * The mask's outline as a path in the image frame, traced once per mask. `scale`, in device pixels per image pixel, is
 * what it will be drawn at: from 1 on every pixel's edge is there, below that nothing smaller than a device pixel.
 */
export function maskPath(rle: Rle, scale: number): Path2D {
  const distance = scale >= 1 ? 1 : 2 ** Math.ceil(Math.log2(1 / scale));
  let outline = traced.get(rle);
  if (!outline) {
    outline = { loops: traceOutline(rle), paths: new Map() };
    traced.set(rle, outline);
  }
  let path = outline.paths.get(distance);
  if (!path) {
    path = outlinePath(outline.loops.map((loop) => simplified(loop, distance)));
    outline.paths.set(distance, path);
  }
  return path;
}
