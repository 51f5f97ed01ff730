import { describe, expect, it } from "vitest";
import { area, fromSegmentation, toSegmentation } from "../document/rle";
import { modelFrame } from "../geometry/model_frame";
import vectors from "../testing/upscaling.vectors.json";
import { stabilityScore } from "./candidates";
import { axisTaps, lowResSide, Upscaler } from "./upscale";

/** The same formula as in make_vectors.py. */
function lowResLogits(side: number): Float32Array {
  const logits = new Float32Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      logits[y * side + x] =
        4 * Math.sin(x / 11 + y / 23) + 3 * Math.cos(y / 7 - x / 31) + 2 * Math.sin((x * y) / 2048) - 1;
    }
  }
  return logits;
}

describe("upscaling to the original size", () => {
  for (const vector of vectors) {
    const { width, height, image_size: imageSize } = vector;
    const upscaler = new Upscaler(modelFrame({ width, height }, imageSize));

    for (const [threshold, counts] of Object.entries(vector.counts)) {
      it(`gives torch's mask at ${width}×${height} from ${imageSize}, threshold ${threshold}`, () => {
        const ours = upscaler.threshold(lowResLogits(upscaler.side), Number(threshold));
        const torch = fromSegmentation({ size: [height, width], counts });
        expect(differingPixels(ours.counts, torch.counts)).toBeLessThanOrEqual(2e-6 * width * height);
      });
    }

    it(`gives torch's stability score at ${width}×${height}`, () => {
      const size = [height, width];
      const inner = area(fromSegmentation({ size, counts: vector.counts["1"] }));
      const outer = area(fromSegmentation({ size, counts: vector.counts["-1"] }));
      expect(stabilityScore(lowResLogits(upscaler.side), upscaler)).toBeCloseTo(inner / outer, 5);
    });
  }

  it("weighs three neighbouring samples that sum to one", () => {
    const { base, weights } = axisTaps(1024, 683, 1365);
    for (let i = 0; i < base.length; i++) {
      const sum = (weights[3 * i] ?? 0) + (weights[3 * i + 1] ?? 0) + (weights[3 * i + 2] ?? 0);
      expect(sum).toBeCloseTo(1, 5);
      expect((base[i] ?? 0) + 2).toBeLessThan(lowResSide(1024));
    }
  });

  it("makes an empty mask of negative logits, and a full one of positive", () => {
    const upscaler = new Upscaler(modelFrame({ width: 30, height: 20 }, 1024));
    const all = (value: number) => new Float32Array(upscaler.side ** 2).fill(value);
    expect(toSegmentation(upscaler.threshold(all(-3)))).toEqual({ size: [20, 30], counts: "hb0" });
    expect(area(upscaler.threshold(all(3)))).toBe(600);
  });
});

/** Pixels in which two run-length masks of the same size differ. */
function differingPixels(a: Uint32Array, b: Uint32Array): number {
  const edges = [...runEnds(a), ...runEnds(b)].sort((x, y) => x - y);
  let differing = 0;
  for (let i = 0; i + 1 < edges.length; i += 2) differing += (edges[i + 1] ?? 0) - (edges[i] ?? 0);
  return differing;
}

/** Positions where the colour changes; between the changes of two masks put together, the colours differ. */
function runEnds(counts: Uint32Array): number[] {
  let position = 0;
  const ends = [...counts].map((run) => {
    position += run;
    return position;
  });
  return ends.slice(0, -1);
}
