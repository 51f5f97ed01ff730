import { describe, expect, it } from "vitest";
import { area, encode, toSegmentation } from "../../document/rle";
import { maskPath, sampled } from "./mask_path";

function rectangle(width: number, height: number, left: number, top: number, right: number, bottom: number) {
  const pixels = new Uint8Array(width * height);
  for (let y = top; y < bottom; y++) pixels.fill(1, y * width + left, y * width + right);
  return encode(pixels, width, height);
}

describe("sampled", () => {
  it("keeps a mask's share of the image", () => {
    const small = sampled(rectangle(400, 200, 100, 50, 300, 150), 40);
    expect([small.width, small.height]).toEqual([40, 20]);
    expect(area(small)).toBe(20 * 10);
  });

  it("has no gaps, whatever the scale", () => {
    for (const [width, height] of [
      [481, 321],
      [639, 400],
      [321, 200],
      [500, 333],
    ] as const) {
      const small = sampled(rectangle(width, height, 0, 0, width, height), 320);
      expect(area(small)).toBe(small.width * small.height);
    }
  });

  it("leaves small images as they are", () => {
    const rle = rectangle(30, 20, 1, 1, 5, 5);
    expect(sampled(rle, 320)).toBe(rle);
  });

  it("never loses a mask that is too thin to be hit", () => {
    expect(area(sampled(rectangle(400, 200, 103, 20, 104, 21), 40))).toBe(1);
  });
});

it("draws around a mask in pixels of the image", () => {
  const path = maskPath(toSegmentation(rectangle(400, 200, 100, 50, 300, 150)), 40);
  expect(path).toBe("M100 50L300 50L300 150L100 150Z");
});
