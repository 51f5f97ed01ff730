import { describe, expect, it } from "vitest";
import { decode, encode } from "../document/rle";
import { simplified, traceOutline } from "./outline";

/** Rows of `#` and `.` as a mask. */
function mask(...rows: string[]) {
  const width = rows[0]?.length ?? 0;
  const pixels = rows.flatMap((row) => [...row].map((character) => Number(character === "#")));
  return encode(pixels, width, rows.length);
}

/** Twice the signed area of a loop; positive clockwise, as y points down. */
function doubleArea(loop: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < loop.length; i += 2) {
    const next = (i + 2) % loop.length;
    sum += (loop[i] ?? 0) * (loop[next + 1] ?? 0) - (loop[next] ?? 0) * (loop[i + 1] ?? 0);
  }
  return sum;
}

describe("tracing along pixel edges", () => {
  it("gives a pixel its four corners", () => {
    expect(traceOutline(mask("...", ".#.", "...")).map((loop) => [...loop])).toEqual([
      [1, 1, 2, 1, 2, 2, 1, 2],
    ]);
  });

  it("has corners only where the direction changes", () => {
    expect(traceOutline(mask("###", "###"))[0]).toHaveLength(8);
  });

  it("goes round a hole the other way", () => {
    const loops = traceOutline(mask("###", "#.#", "###"));
    expect(loops.map(doubleArea).sort((a, b) => a - b)).toEqual([-2, 18]);
  });

  it("keeps pixels that touch at a corner only apart", () => {
    expect(traceOutline(mask("#.", ".#"))).toHaveLength(2);
  });

  it("finds no outline of an empty mask", () => {
    expect(traceOutline(mask("...", "..."))).toEqual([]);
  });

  it("encloses exactly the foreground of any mask", () => {
    let seed = 12345;
    const random = () => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed / 2147483648;
    };
    for (let round = 0; round < 40; round++) {
      const width = 1 + Math.floor(random() * 24);
      const height = 1 + Math.floor(random() * 24);
      const rle = encode(
        Array.from({ length: width * height }, () => Number(random() < 0.5)),
        width,
        height,
      );
      const enclosed = traceOutline(rle).reduce((sum, loop) => sum + doubleArea(loop) / 2, 0);
      expect(enclosed).toBe(decode(rle).reduce((sum, pixel) => sum + pixel, 0));
    }
  });
});

describe("a simplified outline", () => {
  const staircase = Int32Array.from(Array.from({ length: 200 }, (_, i) => Math.floor((i + (i % 2) * 2) / 4)));

  it("is the same where every pixel is seen", () => {
    expect(simplified(staircase, 1)).toBe(staircase);
  });

  it("keeps corners of the outline alone, apart by the distance, and strays from none by more", () => {
    const kept = simplified(staircase, 4);
    expect(kept.length).toBeLessThan(staircase.length / 3);
    const corners = (loop: Int32Array) =>
      Array.from({ length: loop.length / 2 }, (_, i) => [loop[2 * i] as number, loop[2 * i + 1] as number]);
    for (const [x = 0, y = 0] of corners(staircase)) {
      const nearest = corners(kept).map(([a = 0, b = 0]) => Math.max(Math.abs(a - x), Math.abs(b - y)));
      expect(Math.min(...nearest)).toBeLessThan(4);
    }
  });

  it("leaves what is smaller than the distance as it is", () => {
    const speck = Int32Array.of(0, 0, 1, 0, 1, 1, 0, 1);
    expect(simplified(speck, 8)).toEqual(speck);
  });
});
