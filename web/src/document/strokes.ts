/** What a brush covers, as runs, at image resolution. */

import { type ImagePoint, imagePoint, type Size } from "../geometry/points";
import type { Rle } from "./rle";
import { type ColumnRun, fromColumnRuns } from "./rle_operations";

/** The pixel raster of the brush: centred on a pixel for odd diameters, on a corner for even ones. */
export function snapBrush(point: ImagePoint, diameter: number): ImagePoint {
  const shift = diameter % 2 === 1 ? 0.5 : 0;
  return imagePoint(Math.round(point.x - shift) + shift, Math.round(point.y - shift) + shift);
}

/** Every pixel whose centre a disc of this diameter passes over on its straight way from `from` to `to`. */
export function brushLine(from: ImagePoint, to: ImagePoint, diameter: number, image: Size): Rle {
  const a = snapBrush(from, diameter);
  const b = snapBrush(to, diameter);
  const radius = diameter / 2;
  const left = Math.max(Math.floor(Math.min(a.x, b.x) - radius), 0);
  const right = Math.min(Math.ceil(Math.max(a.x, b.x) + radius), image.width);
  const runs: ColumnRun[] = [];
  for (let x = left; x < right; x++) {
    const span = capsuleSpan(a, b, radius, x + 0.5);
    if (!span) continue;
    const top = Math.max(Math.ceil(span[0] - 0.5), 0);
    const bottom = Math.min(Math.floor(span[1] - 0.5) + 1, image.height);
    if (top < bottom) runs.push({ x, top, bottom });
  }
  return fromColumnRuns(runs, image.width, image.height);
}

/** Where the column at `x` lies within `radius` of the segment: one interval, because the shape is convex. */
function capsuleSpan(a: ImagePoint, b: ImagePoint, radius: number, x: number): [number, number] | null {
  const ys: number[] = [];
  for (const end of [a, b]) {
    const rest = radius ** 2 - (x - end.x) ** 2;
    if (rest >= 0) ys.push(end.y - Math.sqrt(rest), end.y + Math.sqrt(rest));
  }
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  if (length > 0 && a.x !== b.x) {
    const slope = (b.y - a.y) / (b.x - a.x);
    for (const side of [-radius, radius]) {
      // The segment moved sideways by the radius.
      const startX = a.x - (side * (b.y - a.y)) / length;
      const startY = a.y + (side * (b.x - a.x)) / length;
      const along = (x - startX) / (b.x - a.x);
      if (along >= 0 && along <= 1) ys.push(startY + (x - startX) * slope);
    }
  } else if (length > 0 && Math.abs(x - a.x) <= radius) {
    ys.push(a.y, b.y);
  }
  return ys.length === 0 ? null : [Math.min(...ys), Math.max(...ys)];
}

/** Every pixel whose centre lies within the polygon (even-odd), closed from its last vertex to its first. */
export function polygonPixels(vertices: readonly ImagePoint[], image: Size): Rle {
  const xs = vertices.map(({ x }) => x);
  const left = Math.max(Math.floor(Math.min(...xs)), 0);
  const right = Math.min(Math.ceil(Math.max(...xs)), image.width);
  const runs: ColumnRun[] = [];
  for (let x = left; x < right; x++) {
    const crossings = edgeCrossings(vertices, x + 0.5);
    let end = 0;
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const top = Math.max(Math.ceil((crossings[i] as number) - 0.5), end);
      const bottom = Math.min(Math.ceil((crossings[i + 1] as number) - 0.5), image.height);
      if (top >= bottom) continue;
      runs.push({ x, top, bottom });
      end = bottom;
    }
  }
  return fromColumnRuns(runs, image.width, image.height);
}

function edgeCrossings(vertices: readonly ImagePoint[], x: number): number[] {
  const ys: number[] = [];
  let before = vertices.at(-1);
  for (const vertex of vertices) {
    if (before && before.x < x !== vertex.x < x) {
      ys.push(before.y + ((x - before.x) * (vertex.y - before.y)) / (vertex.x - before.x));
    }
    before = vertex;
  }
  return ys.sort((a, b) => a - b);
}
