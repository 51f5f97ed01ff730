/** A stored mask as the path of an SVG, at the size it is looked at. */

import { traceOutline } from "../../canvas/outline";
import { encode, forEachRun, fromSegmentation, type Rle } from "../../document/rle";

/**
 * The mask at no more than `longest` pixels along its longer side, by the nearest neighbour: what a grid of small
 * pictures shows of a mask of millions of pixels. A mask too thin to be hit keeps one pixel.
 */
export function sampled(rle: Rle, longest: number): Rle {
  const scale = Math.min(1, longest / Math.max(rle.width, rle.height));
  if (scale === 1) return rle;
  const width = Math.max(1, Math.round(rle.width * scale));
  const height = Math.max(1, Math.round(rle.height * scale));
  const pixels = new Uint8Array(width * height);
  /** Of each column of the image: the small one that it is looked at for, if any. */
  const columns = new Int32Array(rle.width).fill(-1);
  for (let column = 0; column < width; column++) {
    columns[Math.floor(((column + 0.5) * rle.width) / width)] = column;
  }
  let any = false;
  let first = -1;
  forEachRun(rle, (x, top, bottom) => {
    if (first < 0) {
      const nearest = Math.min(width - 1, Math.floor((x * width) / rle.width));
      first = Math.min(height - 1, Math.floor((top * height) / rle.height)) * width + nearest;
    }
    const column = columns[x] as number;
    if (column < 0) return;
    for (let y = Math.ceil((top * height) / rle.height - 0.5); y < height; y++) {
      if (((y + 0.5) * rle.height) / height >= bottom) break;
      pixels[y * width + column] = 1;
      any = true;
    }
  });
  if (!any && first >= 0) pixels[first] = 1;
  return encode(pixels, width, height);
}

/** The `d` of a path around a mask, in pixels of the image. Holes wind the other way, so either fill rule works. */
export function maskPath(segmentation: { size: readonly number[]; counts: string }, longest: number): string {
  const rle = fromSegmentation(segmentation);
  const small = sampled(rle, longest);
  const scaleX = rle.width / small.width;
  const scaleY = rle.height / small.height;
  return traceOutline(small)
    .map((loop) => {
      let path = "";
      for (let i = 0; i < loop.length; i += 2) {
        const x = Math.round((loop[i] as number) * scaleX);
        const y = Math.round((loop[i + 1] as number) * scaleY);
        path += `${i ? "L" : "M"}${x} ${y}`;
      }
      return `${path}Z`;
    })
    .join("");
}
