import { describe, expect, it } from "vitest";
import { agree, isClearlyFaster } from "./backend_comparison";
import type { Decoded } from "./candidates";

const SAMPLES = 10_000;

/** Two masks: the first covers `covered` samples, the second all of them. */
function decoded(covered: number, change: (logits: Float32Array) => void = () => undefined): Decoded {
  const logits = new Float32Array(2 * SAMPLES).fill(6);
  logits.fill(-6, covered, SAMPLES);
  change(logits);
  return { logits, predictedIou: [0.9, 0.7] };
}

describe("two answers agree", () => {
  it("if each mask is the same to one sample in a thousand", () => {
    expect(agree(decoded(5_000), decoded(5_004))).toBe(true);
    expect(agree(decoded(5_000), decoded(5_006))).toBe(false);
  });

  it("whatever side of the threshold a logit on it falls", () => {
    const above = decoded(100, (logits) => logits.fill(0.02, 100, 200));
    const below = decoded(100, (logits) => logits.fill(-0.02, 100, 200));
    expect(agree(above, below)).toBe(true);
  });

  it("not if the small mask differs and the large one does not", () => {
    expect(agree(decoded(10), decoded(11))).toBe(false);
  });

  it("not if anything is not a number", () => {
    const broken = decoded(5_000, (logits) => logits.fill(Number.NaN, 0, 1));
    expect(agree(decoded(5_000), broken)).toBe(false);
    expect(agree(broken, broken)).toBe(false);
    expect(agree(decoded(1), { ...decoded(1), predictedIou: [0.9, Number.NaN] })).toBe(false);
  });

  it("not if the masks are predicted to be otherwise good", () => {
    expect(agree(decoded(1), { ...decoded(1), predictedIou: [0.7, 0.9] })).toBe(false);
  });
});

describe("clearly faster", () => {
  it("is less than four fifths of the median time", () => {
    expect(isClearlyFaster([31, 31, 900], [40, 40, 10])).toBe(true);
    expect(isClearlyFaster([32, 33, 1], [40, 41, 40])).toBe(false);
  });

  it("is nothing without a measurement", () => {
    expect(isClearlyFaster([], [])).toBe(false);
    expect(isClearlyFaster([], [40])).toBe(false);
  });
});
