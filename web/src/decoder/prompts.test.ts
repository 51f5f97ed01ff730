import { describe, expect, it } from "vitest";
import { modelFrame } from "../geometry/model_frame";
import { imagePoint } from "../geometry/points";
import { toCandidates } from "./candidates";
import { floatToHalf, fromBase64, halfToFloat, toBase64 } from "./half";
import { boxBetween, isAmbiguous, type Prompt, toModelInput, toWire } from "./prompts";
import { lowResSide, Upscaler } from "./upscale";

const frame = modelFrame({ width: 512, height: 256 }, 1024);
const point = (x: number, y: number, label: 0 | 1) => ({ at: imagePoint(x, y), label });

describe("prompts in the model-input frame", () => {
  it("pads points without a box by one point labelled -1", () => {
    const input = toModelInput({ points: [point(10, 20, 1), point(30, 40, 0)], box: null }, frame);
    expect([...input.coords]).toEqual([20, 40, 60, 80, 0, 0]);
    expect([...input.labels]).toEqual([1, 0, -1]);
  });

  it("turns a box into its two corners, and pads nothing", () => {
    const box = boxBetween(imagePoint(100, 5), imagePoint(50, 60));
    const input = toModelInput({ points: [point(10, 20, 1)], box }, frame);
    expect([...input.coords]).toEqual([20, 40, 100, 10, 200, 120]);
    expect([...input.labels]).toEqual([1, 2, 3]);
  });

  it("travels in the image frame", () => {
    const box = boxBetween(imagePoint(1, 2), imagePoint(3, 4));
    expect(toWire({ points: [point(7, 8, 0)], box })).toEqual({
      points: [{ x: 7, y: 8, label: 0 }],
      box: [1, 2, 3, 4],
    });
  });
});

describe("candidates", () => {
  const samples = lowResSide(1024) ** 2;
  const decoded = {
    logits: Float32Array.from({ length: 4 * samples }, (_, i) => Math.floor(i / samples)),
    predictedIou: [0.9, 0.5, 0.8, 0.7],
  };
  const upscaler = new Upscaler(frame);
  const one: Prompt = { points: [point(1, 1, 1)], box: null };

  it("are the three ambiguity masks, best first, for one point alone", () => {
    expect(isAmbiguous(one, null)).toBe(true);
    const candidates = toCandidates(decoded, true, upscaler);
    expect(candidates.map(({ index }) => index)).toEqual([2, 3, 1]);
    expect(candidates[0]?.logits[0]).toBe(2);
  });

  it("are the single mask for several points, a box, or a point on top of a mask", () => {
    const two: Prompt = { ...one, points: [...one.points, point(2, 2, 0)] };
    const boxed: Prompt = { ...one, box: boxBetween(imagePoint(0, 0), imagePoint(9, 9)) };
    for (const prompt of [two, boxed]) expect(isAmbiguous(prompt, null)).toBe(false);
    expect(isAmbiguous(one, new Float32Array(1))).toBe(false);
    expect(toCandidates(decoded, false, upscaler).map(({ index }) => index)).toEqual([0]);
  });
});

describe("half precision", () => {
  it("keeps every half exactly", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits).filter(
      (bits) => (bits & 0x7c00) !== 0x7c00,
    );
    expect(floatToHalf(halfToFloat(all))).toEqual(all);
  });

  it("rounds to the nearest half", () => {
    const [third, tiny, huge] = halfToFloat(floatToHalf(Float32Array.of(1 / 3, 1e-8, 1e9)));
    expect(third).toBeCloseTo(1 / 3, 3);
    expect(tiny).toBe(0);
    expect(huge).toBe(Infinity);
  });

  it("survives base64", () => {
    const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => i % 251);
    expect(fromBase64(toBase64(bytes))).toEqual(bytes);
  });
});
