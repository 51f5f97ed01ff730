/** What one decode gives the person to choose from. */

import { area, type Rle } from "../document/rle";
import type { Upscaler } from "./upscale";

/** The decoder's raw answer: `logits` [4, side, side] flat, `predictedIou` [4]; index 0 is the single mask. */
export interface Decoded {
  readonly logits: Float32Array;
  readonly predictedIou: readonly number[];
}

export interface Candidate {
  /** Which of the decoder's four masks this is. */
  readonly index: number;
  readonly predictedIou: number;
  /** side × side; fed back as `mask_input` with the next click on the same object. */
  readonly logits: Float32Array;
  readonly mask: Rle;
}

/** Ambiguous: the three ambiguity masks, best predicted IoU first; otherwise the single mask. */
export function toCandidates(decoded: Decoded, ambiguous: boolean, upscaler: Upscaler): Candidate[] {
  return order(decoded, ambiguous).map((index) => toCandidate(decoded, index, upscaler));
}

/** The first of the candidates alone. */
export function bestCandidate(decoded: Decoded, ambiguous: boolean, upscaler: Upscaler): Candidate {
  return toCandidate(decoded, order(decoded, ambiguous)[0] ?? 0, upscaler);
}

/** The decoder's masks that are candidates, best first. */
function order(decoded: Decoded, ambiguous: boolean): number[] {
  return ambiguous
    ? [1, 2, 3].sort((a, b) => (decoded.predictedIou[b] ?? 0) - (decoded.predictedIou[a] ?? 0))
    : [0];
}

function toCandidate(decoded: Decoded, index: number, upscaler: Upscaler): Candidate {
  const samples = upscaler.side ** 2;
  const logits = decoded.logits.slice(index * samples, (index + 1) * samples);
  return {
    index,
    predictedIou: decoded.predictedIou[index] ?? 0,
    logits,
    mask: upscaler.threshold(logits),
  };
}

/**
 * Stability score: IoU of the mask thresholded at logits +1 and −1 (`calculate_stability_score` of the published
 * automatic generator). The first lies within the second, so the areas are enough.
 */
export function stabilityScore(logits: Float32Array, upscaler: Upscaler): number {
  const union = area(upscaler.threshold(logits, -1));
  return union === 0 ? 0 : area(upscaler.threshold(logits, 1)) / union;
}
