import { describe, expect, it } from "vitest";
import { type ImagePoint, imagePoint } from "../geometry/points";
import { seeded } from "../testing/random";
import { area, decode, encode } from "./rle";
import { brushLine, polygonPixels, snapBrush } from "./strokes";

const IMAGE = { width: 31, height: 23 };
const random = seeded(2);
const somewhere = () => imagePoint(random() * 41 - 5, random() * 33 - 5);

function segmentDistance(p: ImagePoint, a: ImagePoint, b: ImagePoint): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const along = ((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.min(Math.max(along, 0), 1);
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

describe("a stroke of the brush", () => {
  it("covers exactly the pixels whose centres it passes over", () => {
    for (let i = 0; i < 60; i++) {
      const diameter = 1 + (i % 9);
      const [from, to] = [somewhere(), i % 5 === 0 ? somewhere() : somewhere()];
      const [a, b] = [snapBrush(from, diameter), snapBrush(to, diameter)];
      const pixels = decode(brushLine(from, to, diameter, IMAGE));
      for (let y = 0; y < IMAGE.height; y++) {
        for (let x = 0; x < IMAGE.width; x++) {
          const away = segmentDistance(imagePoint(x + 0.5, y + 0.5), a, b) - diameter / 2;
          // On the very rim rounding decides.
          if (Math.abs(away) > 1e-9) expect(pixels[y * IMAGE.width + x]).toBe(Number(away < 0));
        }
      }
    }
  });

  it("is the pixel under the cursor at the smallest size", () => {
    const pixels = brushLine(imagePoint(4.9, 7.1), imagePoint(4.9, 7.1), 1, IMAGE);
    expect(decode(pixels).indexOf(1)).toBe(7 * IMAGE.width + 4);
    expect(area(pixels)).toBe(1);
  });

  it("goes straight up and down, too", () => {
    expect(area(brushLine(imagePoint(4.5, 2.5), imagePoint(4.5, 11.5), 1, IMAGE))).toBe(10);
  });
});

describe("a polygon", () => {
  it("covers exactly a rectangle drawn along pixel edges", () => {
    const corners = [imagePoint(2, 3), imagePoint(9, 3), imagePoint(9, 8), imagePoint(2, 8)];
    expect(area(polygonPixels(corners, IMAGE))).toBe(7 * 5);
  });

  it("agrees with the even-odd rule at every pixel's centre, also where it crosses itself or leaves the image", () => {
    for (let i = 0; i < 30; i++) {
      const corners = Array.from({ length: 3 + (i % 6) }, somewhere);
      const expected: number[] = [];
      for (let y = 0; y < IMAGE.height; y++) {
        for (let x = 0; x < IMAGE.width; x++) {
          let inside = false;
          let a = corners.at(-1) as ImagePoint;
          for (const b of corners) {
            const crosses = a.y < y + 0.5 !== b.y < y + 0.5;
            if (crosses && x + 0.5 < a.x + ((y + 0.5 - a.y) / (b.y - a.y)) * (b.x - a.x)) inside = !inside;
            a = b;
          }
          expected.push(Number(inside));
        }
      }
      expect(polygonPixels(corners, IMAGE)).toEqual(encode(expected, IMAGE.width, IMAGE.height));
    }
  });
});
