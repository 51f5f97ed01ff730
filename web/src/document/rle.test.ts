import { describe, expect, it } from "vitest";
import vectors from "../testing/runs.vectors.json";
import {
  area,
  bounds,
  decode,
  decompress,
  encode,
  fromSegmentation,
  MalformedRle,
  toSegmentation,
} from "./rle";

describe("run-length masks", () => {
  for (const vector of vectors) {
    const { name, counts, pixels } = vector;
    const [height = 0, width = 0] = vector.size;

    it(`reads and writes pycocotools' counts unchanged: ${name}`, () => {
      const rle = fromSegmentation({ size: vector.size, counts });
      expect(area(rle)).toBe(vector.area);
      expect(toSegmentation(rle)).toEqual({ size: [height, width], counts });
    });

    if (pixels) {
      it(`holds pycocotools' pixels: ${name}`, () => {
        const expected = Uint8Array.from(pixels, Number);
        expect(decode(fromSegmentation({ size: vector.size, counts }))).toEqual(expected);
        expect(toSegmentation(encode(expected, width, height)).counts).toBe(counts);
      });
    }
  }

  it("knows the tight box of the foreground", () => {
    const pixels = new Uint8Array(6 * 5);
    pixels[1 * 6 + 2] = 1;
    pixels[3 * 6 + 4] = 1;
    expect(bounds(encode(pixels, 6, 5))).toEqual({ left: 2, top: 1, right: 5, bottom: 4 });
    expect(bounds(encode(new Uint8Array(30), 6, 5))).toBeNull();
  });

  it("refuses counts that end within a number or hold foreign characters", () => {
    expect(() => decompress("o")).toThrow(MalformedRle);
    expect(() => decompress("\u0001")).toThrow(MalformedRle);
    expect(() => decompress("oooooooooo")).toThrow(MalformedRle);
  });

  it("refuses runs that do not cover the image exactly", () => {
    expect(() => fromSegmentation({ size: [5, 7], counts: "R1" })).toThrow("the image has 35");
  });
});
