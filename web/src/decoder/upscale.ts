/** Low-resolution logits to a mask at original resolution, as the published two-step upscaling gives it. */

import type { Rle } from "../document/rle";
import { RunWriter } from "../document/run_writer";
import type { ModelFrame } from "../geometry/model_frame";

/** Side of the low-resolution logits of a model whose padded square is `imageSize` pixels. */
export function lowResSide(imageSize: number): number {
  return imageSize / 4;
}

/**
 * Bilinear after bilinear is separable, and along one axis each output pixel depends on three neighbouring
 * low-resolution samples at most: `base`, `base + 1`, `base + 2` with the given convex weights.
 */
export interface AxisTaps {
  readonly base: Uint16Array;
  readonly weights: Float32Array;
}

interface Tap {
  readonly low: number;
  readonly high: number;
  /** Weight of `high`. */
  readonly fraction: number;
}

/** One bilinear step with `align_corners=False`, in float32 as torch computes it. */
function bilinearTap(index: number, from: number, to: number): Tap {
  const scale = Math.fround(from / to);
  const source = Math.max(Math.fround(Math.fround(scale * (index + 0.5)) - 0.5), 0);
  const low = Math.min(Math.floor(source), from - 1);
  return { low, high: Math.min(low + 1, from - 1), fraction: source - low };
}

/**
 * Taps of one axis: low resolution → `padded` (the model's square) → cropped to `input` → `output` pixels.
 */
export function axisTaps(padded: number, input: number, output: number): AxisTaps {
  const base = new Uint16Array(output);
  const weights = new Float32Array(output * 3);
  const side = lowResSide(padded);
  for (let i = 0; i < output; i++) {
    const outer = bilinearTap(i, input, output);
    const first = bilinearTap(outer.low, side, padded);
    const second = bilinearTap(outer.high, side, padded);
    const start = Math.min(first.low, side - 3);
    base[i] = start;
    const add = (index: number, weight: number): void => {
      const at = i * 3 + index - start;
      weights[at] = (weights[at] ?? 0) + weight;
    };
    add(first.low, (1 - outer.fraction) * (1 - first.fraction));
    add(first.high, (1 - outer.fraction) * first.fraction);
    add(second.low, outer.fraction * (1 - second.fraction));
    add(second.high, outer.fraction * second.fraction);
  }
  return { base, weights };
}

/** The taps of both axes for one image; made once per image, used for every click. */
export class Upscaler {
  /** Side of the low-resolution logits. */
  readonly side: number;
  readonly #frame: ModelFrame;
  readonly #x: AxisTaps;
  readonly #y: AxisTaps;
  /** Output rows grouped by their base sample: group g covers rows `#rowStarts[g]` to `#rowStarts[g + 1]`. */
  readonly #rowStarts: Uint32Array;

  constructor(frame: ModelFrame) {
    this.#frame = frame;
    this.side = lowResSide(frame.imageSize);
    this.#x = axisTaps(frame.imageSize, frame.input.width, frame.image.width);
    this.#y = axisTaps(frame.imageSize, frame.input.height, frame.image.height);
    const starts: number[] = [];
    for (let y = 0; y < frame.image.height; y++) {
      if (y === 0 || this.#y.base[y] !== this.#y.base[y - 1]) starts.push(y);
    }
    starts.push(frame.image.height);
    this.#rowStarts = Uint32Array.from(starts);
  }

  /**
   * The mask where upscaled logits exceed `threshold`, straight as run lengths.
   *
   * @param logits `side` × `side`, row-major.
   */
  threshold(logits: Float32Array, threshold = 0): Rle {
    const { width, height } = this.#frame.image;
    const transposed = transpose(logits, this.side);
    const runs = new RunWriter();
    const column = new Float32Array(this.side);
    for (let x = 0; x < width; x++) {
      const start = this.#x.base[x] ?? 0;
      const positive = blend(transposed, start, this.#x.weights, x * 3, column, threshold);
      if (positive) this.#writeColumn(column, threshold, runs);
      else runs.write(false, height);
    }
    return { width, height, counts: runs.finish() };
  }

  /** A value between three samples of one sign has that sign: only groups that cross the threshold are computed. */
  #writeColumn(column: Float32Array, threshold: number, runs: RunWriter): void {
    const starts = this.#rowStarts;
    const { base, weights } = this.#y;
    for (let group = 0; group + 1 < starts.length; group++) {
      const top = starts[group] as number;
      const bottom = starts[group + 1] as number;
      const at = base[top] as number;
      const a = column[at] as number;
      const b = column[at + 1] as number;
      const c = column[at + 2] as number;
      const above = Number(a > threshold) + Number(b > threshold) + Number(c > threshold);
      if (above === 0 || above === 3) {
        runs.write(above === 3, bottom - top);
        continue;
      }
      for (let y = top; y < bottom; y++) {
        const w = y * 3;
        const value =
          (weights[w] as number) * a + (weights[w + 1] as number) * b + (weights[w + 2] as number) * c;
        runs.write(value > threshold, 1);
      }
    }
  }
}

/** Fills `column` with three neighbouring columns blended; tells whether any sample exceeds `threshold`. */
function blend(
  transposed: Float32Array,
  start: number,
  weights: Float32Array,
  at: number,
  column: Float32Array,
  threshold: number,
): boolean {
  const w0 = weights[at] as number;
  const w1 = weights[at + 1] as number;
  const w2 = weights[at + 2] as number;
  const side = column.length;
  const first = start * side;
  let positive = false;
  for (let y = 0; y < side; y++) {
    const value =
      w0 * (transposed[first + y] as number) +
      w1 * (transposed[first + side + y] as number) +
      w2 * (transposed[first + 2 * side + y] as number);
    column[y] = value;
    if (value > threshold) positive = true;
  }
  return positive;
}

function transpose(logits: Float32Array, side: number): Float32Array {
  const transposed = new Float32Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) transposed[x * side + y] = logits[y * side + x] as number;
  }
  return transposed;
}
