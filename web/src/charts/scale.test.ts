import { expect, it } from "vitest";
import { extentOf, linear, smoothed, ticks, tickText } from "./scale";

it("ticks are round, enclose what is shown, and are written with the digits that tell them apart", () => {
  expect(ticks([0.31, 0.58], 4)).toEqual([0.3, 0.4, 0.5, 0.6]);
  expect(ticks([0, 400], 4)).toEqual([0, 100, 200, 300, 400]);
  expect(ticks([7, 7], 4)).toEqual([6, 8]);
  expect(ticks([0, 0], 4)[0]).toBe(0);
  const small = ticks([0.0012, 0.0031], 3);
  expect(small.map((tick) => tickText(tick, small))).toEqual(["0.001", "0.002", "0.003", "0.004"]);
  expect(tickText(1000, [0, 500, 1000])).toBe("1,000");
});

it("a value lands between the ends as it lies between the limits", () => {
  const place = linear([10, 20], [100, 0]);
  expect([10, 15, 20].map(place)).toEqual([100, 50, 0]);
  expect(linear([3, 3], [0, 10])(3)).toBe(5);
});

it("what is not a number has no part in the extent", () => {
  expect(extentOf([2, Number.NaN, 5])).toEqual([2, 5]);
  expect(extentOf([Number.NaN])).toBeNull();
});

it("a smoothed constant stays itself from the first point on", () => {
  expect(smoothed([0.5, 0.5, 0.5], 0.9).map((value) => Number(value.toFixed(9)))).toEqual([0.5, 0.5, 0.5]);
  expect(smoothed([1, 0], 0)).toEqual([1, 0]);
});
