/** Pixels as low-resolution logits, so that a mask that was painted or stored can be continued with clicks. */

import { forEachRun, type Rle } from "../document/rle";
import { modelFrame } from "../geometry/model_frame";
import { lowResSide } from "./upscale";

/** Logit of a cell that lies wholly within the mask; the decoder's own answers reach about this far. */
const CERTAIN = 8;

/** Logits [side, side], flat: each cell by the share of it that is foreground; the padding is background. */
export function logitsOf(mask: Rle, imageSize: number): Float32Array {
  const side = lowResSide(imageSize);
  const { input } = modelFrame(mask, imageSize);
  const cellsPerX = ((input.width / mask.width) * side) / imageSize;
  const cellsPerY = ((input.height / mask.height) * side) / imageSize;
  const share = new Float32Array(side * side);
  forEachRun(mask, (x, top, bottom) => {
    for (const [column, width] of cells(x * cellsPerX, (x + 1) * cellsPerX, side)) {
      for (const [row, height] of cells(top * cellsPerY, bottom * cellsPerY, side)) {
        const at = row * side + column;
        share[at] = (share[at] ?? 0) + width * height;
      }
    }
  });
  return share.map((value) => (2 * Math.min(value, 1) - 1) * CERTAIN);
}

/** The cells that an interval covers, each with the length that lies in it. */
function cells(from: number, to: number, side: number): [cell: number, length: number][] {
  const covered: [number, number][] = [];
  for (let cell = Math.floor(from); cell < Math.min(to, side); cell++) {
    covered.push([cell, Math.min(to, cell + 1) - Math.max(from, cell)]);
  }
  return covered;
}
