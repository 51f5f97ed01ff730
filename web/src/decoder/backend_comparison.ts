/** Is the graphics card as right as the processor, and clearly sooner? */

import type { Decoded } from "./candidates";
import type { LocalDecoder } from "./local_decoder";
import type { ModelInput } from "./prompts";

/** IoU from which two masks are the same. */
const SAME_MASK = 0.999;
/** Two backends add in another order; a logit this close to the threshold is on neither side of it. */
const UNDECIDED_LOGIT = 0.05;
/** Predicted IoUs order the candidates, so they are compared too. */
const SAME_PREDICTED_IOU = 0.01;
/** The share of the present time below which a change is worth it. */
const CLEARLY_FASTER = 0.8;
/** The name of the compared image within the candidate. */
const COMPARED = "compared";

/** A prompt that a person gave, what the decoder in use answered, and how long that took. */
export interface AnsweredPrompt {
  readonly input: ModelInput;
  readonly maskInput: Float32Array | null;
  readonly answer: Decoded;
  readonly ms: number;
}

export interface ComparisonConditions {
  /** Resolves once nothing more important is going on. */
  readonly quiet: () => Promise<void>;
  /** Milliseconds. */
  readonly now: () => number;
}

/**
 * Whether `candidate` gives the same masks for prompts already answered, in clearly less time. The first round, which
 * compiles what the graphics card needs, is for the masks; the second for the time. Rejects as `candidate` does.
 *
 * @param embedding of the prompts' image; copied.
 */
export async function isWorthChanging(
  candidate: LocalDecoder,
  embedding: Uint16Array<ArrayBuffer>,
  answered: readonly AnsweredPrompt[],
  { quiet, now }: ComparisonConditions,
): Promise<boolean> {
  await quiet();
  await candidate.prepare(COMPARED, embedding.slice());
  for (const { input, maskInput, answer } of answered) {
    await quiet();
    if (!agree(await candidate.decode(COMPARED, input, maskInput), answer)) return false;
  }
  const times: number[] = [];
  for (const { input, maskInput } of answered) {
    await quiet();
    const start = now();
    await candidate.decode(COMPARED, input, maskInput);
    times.push(now() - start);
  }
  return isClearlyFaster(
    times,
    answered.map(({ ms }) => ms),
  );
}

/** Whether each of the masks is the same in both answers, and predicted as good. */
export function agree(one: Decoded, other: Decoded): boolean {
  const masks = one.predictedIou.length;
  if (masks !== other.predictedIou.length || one.logits.length !== other.logits.length) return false;
  const samples = one.logits.length / masks;
  return one.predictedIou.every((predicted, index) => {
    const difference = Math.abs(predicted - (other.predictedIou[index] ?? Number.NaN));
    const part = (logits: Float32Array) => logits.subarray(index * samples, (index + 1) * samples);
    return difference <= SAME_PREDICTED_IOU && iou(part(one.logits), part(other.logits)) >= SAME_MASK;
  });
}

/** IoU of what is above the threshold; 0 if anything is not a number. */
function iou(one: Float32Array, other: Float32Array): number {
  let union = 0;
  let differing = 0;
  for (let i = 0; i < one.length; i++) {
    const a = one[i] as number;
    const b = other[i] as number;
    if (!Number.isFinite(a) || !Number.isFinite(b)) return 0;
    if (a > 0 || b > 0) union++;
    if (a > 0 !== b > 0 && Math.abs(a - b) > UNDECIDED_LOGIT) differing++;
  }
  return union === 0 ? 1 : 1 - differing / union;
}

export function isClearlyFaster(candidateMs: readonly number[], presentMs: readonly number[]): boolean {
  return median(candidateMs) < CLEARLY_FASTER * median(presentMs);
}

/** The upper one of two in the middle; NaN of nothing, which is never faster. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
