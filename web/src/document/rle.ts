/** Run-length masks in COCO's compressed form, the one stored form of a mask. */

import type { Size } from "../geometry/points";

/**
 * A mask as column-major run lengths (y fastest), starting with background, summing to width × height.
 * A leading 0 means that the first pixel is foreground; no other run is empty.
 */
export interface Rle extends Size {
  readonly counts: Uint32Array;
}

/** COCO's compressed form as it travels: `size` is [height, width]. */
export interface Segmentation {
  size: [number, number];
  counts: string;
}

export class MalformedRle extends Error {}

/** Five bits a character, least significant first, bit 5 = more follow, differences from the third run on. */
export function compress(counts: Uint32Array): string {
  const characters: number[] = [];
  for (let i = 0; i < counts.length; i++) {
    let value = counts[i] ?? 0;
    if (i > 2) value -= counts[i - 2] ?? 0;
    let more = true;
    while (more) {
      let bits = value & 0x1f;
      value >>= 5;
      more = bits & 0x10 ? value !== -1 : value !== 0;
      if (more) bits |= 0x20;
      characters.push(bits + 48);
    }
  }
  const parts: string[] = [];
  for (let i = 0; i < characters.length; i += 8192) {
    parts.push(String.fromCharCode(...characters.slice(i, i + 8192)));
  }
  return parts.join("");
}

export function decompress(text: string): Uint32Array {
  const counts: number[] = [];
  let position = 0;
  while (position < text.length) {
    let value = 0;
    let shift = 0;
    let more = true;
    while (more) {
      if (position >= text.length || shift > 30)
        throw new MalformedRle("The run lengths end within a number.");
      const bits = text.charCodeAt(position++) - 48;
      if (bits < 0 || bits > 63)
        throw new MalformedRle("The run lengths hold a character that is not allowed.");
      value |= (bits & 0x1f) << shift;
      more = (bits & 0x20) !== 0;
      shift += 5;
      if (!more && bits & 0x10 && shift < 32) value |= -1 << shift;
    }
    if (counts.length > 2) value += counts[counts.length - 2] ?? 0;
    if (value < 0) throw new MalformedRle("A run has a negative length.");
    counts.push(value);
  }
  return Uint32Array.from(counts);
}

export function fromSegmentation(segmentation: { size: readonly number[]; counts: string }): Rle {
  const [height = 0, width = 0] = segmentation.size;
  const counts = decompress(segmentation.counts);
  const total = counts.reduce((sum, run) => sum + run, 0);
  if (total !== width * height) {
    throw new MalformedRle(`The runs cover ${total} pixels, the image has ${width * height}.`);
  }
  return { width, height, counts };
}

export function toSegmentation(rle: Rle): Segmentation {
  return { size: [rle.height, rle.width], counts: compress(rle.counts) };
}

/** From row-major pixels, any non-zero value being foreground. */
export function encode(pixels: ArrayLike<number>, width: number, height: number): Rle {
  const counts: number[] = [];
  let run = 0;
  let foreground = false;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if ((pixels[y * width + x] !== 0) !== foreground) {
        counts.push(run);
        run = 0;
        foreground = !foreground;
      }
      run++;
    }
  }
  counts.push(run);
  return { width, height, counts: Uint32Array.from(counts) };
}

/** To row-major pixels, 0 or 1. */
export function decode(rle: Rle): Uint8Array {
  const pixels = new Uint8Array(rle.width * rle.height);
  forEachRun(rle, (x, top, bottom) => {
    for (let y = top; y < bottom; y++) pixels[y * rle.width + x] = 1;
  });
  return pixels;
}

/** Calls `visit` with each vertical foreground run, column by column: rows `top` ≤ y < `bottom` of column `x`. */
export function forEachRun(rle: Rle, visit: (x: number, top: number, bottom: number) => void): void {
  const { height, counts } = rle;
  let position = 0;
  for (let i = 0; i < counts.length; i++) {
    const end = position + (counts[i] ?? 0);
    if (i % 2 === 1) {
      let x = Math.floor(position / height);
      let top = position - x * height;
      let left = end - position;
      while (left > 0) {
        const length = Math.min(left, height - top);
        visit(x, top, top + length);
        left -= length;
        top = 0;
        x++;
      }
    }
    position = end;
  }
}

/** Foreground pixels. */
export function area(rle: Rle): number {
  let total = 0;
  for (let i = 1; i < rle.counts.length; i += 2) total += rle.counts[i] ?? 0;
  return total;
}

/** The tight box around the foreground: left, top inclusive; right, bottom exclusive. `null` when there is none. */
export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export function bounds(rle: Rle): Bounds | null {
  const box: Bounds = { left: Infinity, top: Infinity, right: 0, bottom: 0 };
  forEachRun(rle, (x, top, bottom) => {
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x + 1);
    box.top = Math.min(box.top, top);
    box.bottom = Math.max(box.bottom, bottom);
  });
  return box.right > 0 ? box : null;
}
