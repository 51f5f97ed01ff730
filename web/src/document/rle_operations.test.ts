import { describe, expect, it } from "vitest";
import { seeded } from "../testing/random";
import { area, decode, encode, type Rle } from "./rle";
import { columnRuns, contains, difference, emptyRle, fromColumnRuns, isEmpty, union } from "./rle_operations";
import { fillHoles, keepLargestPart, withoutPartAt } from "./rle_parts";

const SIZE = { width: 13, height: 9 };
const random = seeded(1);
const randomMask = (share: number): Rle =>
  encode(
    Array.from({ length: SIZE.width * SIZE.height }, () => Number(random() < share)),
    SIZE.width,
    SIZE.height,
  );
/** Rows of a picture: `#` is foreground. */
const picture = (...rows: string[]): Rle =>
  encode(
    rows.flatMap((row) => [...row].map((sign) => Number(sign === "#"))),
    rows[0]?.length ?? 0,
    rows.length,
  );
const pairs = Array.from(
  { length: 40 },
  (_, i) => [randomMask((i % 11) / 10), randomMask((i % 7) / 6)] as const,
);

describe("set operations", () => {
  it("agree with the same operation on pixels", () => {
    for (const [a, b] of pairs) {
      const [x, y] = [decode(a), decode(b)];
      expect(decode(union(a, b))).toEqual(x.map((pixel, i) => pixel | (y[i] as number)));
      expect(decode(difference(a, b))).toEqual(x.map((pixel, i) => pixel & ~(y[i] as number)));
    }
  });

  it("give the one form that every mask has", () => {
    for (const [a, b] of pairs) {
      const both = union(a, b);
      expect(both).toEqual(encode(decode(both), SIZE.width, SIZE.height));
      expect(fromColumnRuns(columnRuns(a), SIZE.width, SIZE.height)).toEqual(a);
    }
    expect(difference(randomMask(0.5), encode(new Uint8Array(117).fill(1), 13, 9))).toEqual(emptyRle(SIZE));
  });

  it("find a pixel", () => {
    for (const [a] of pairs) {
      const pixels = decode(a);
      for (let y = 0; y < SIZE.height; y++) {
        for (let x = 0; x < SIZE.width; x++) {
          expect(contains(a, x, y)).toBe(pixels[y * SIZE.width + x] === 1);
        }
      }
    }
    expect(contains(encode([1], 1, 1), 0, 1)).toBe(false);
    expect(isEmpty(emptyRle(SIZE))).toBe(true);
  });
});

describe("parts", () => {
  const rings = picture("#####..##", "#...#..##", "#.#.#....", "#...#...#", "####.#..#");

  it("keep the largest, which corners hold together", () => {
    expect(keepLargestPart(rings)).toEqual(
      picture("#####....", "#...#....", "#...#....", "#...#....", "####.#..."),
    );
  });

  it("fill holes, out of which no way leads, not even to a corner", () => {
    expect(fillHoles(rings)).toEqual(
      picture("#####..##", "#####..##", "#####....", "#####...#", "####.#..#"),
    );
    expect(fillHoles(emptyRle(SIZE))).toEqual(emptyRle(SIZE));
  });

  it("lose the one that is pointed at", () => {
    expect(area(withoutPartAt(rings, 2, 2))).toBe(area(rings) - 1);
    expect(withoutPartAt(rings, 1, 1)).toEqual(rings);
  });

  it("never change what is filled already, or one part alone", () => {
    for (const [a] of pairs) {
      const filled = fillHoles(a);
      expect(fillHoles(filled)).toEqual(filled);
      const largest = keepLargestPart(a);
      expect(keepLargestPart(largest)).toEqual(largest);
      expect(isEmpty(difference(a, filled))).toBe(true);
    }
  });
});
