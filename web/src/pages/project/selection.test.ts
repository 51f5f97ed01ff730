import { expect, it } from "vitest";
import { NOTHING, rangeTo, type Selection, toggled, withAll, without } from "./selection";

interface Thing {
  id: string;
}

const things = (ids: string): Thing[] => [...ids].map((id) => ({ id }));
const SHOWN = things("abcdef");
const chosen = (selection: Selection<Thing>): string => [...selection.items.keys()].sort().join("");
const clicked = (ids: string, from: Selection<Thing> = NOTHING): Selection<Thing> =>
  things(ids).reduce(toggled<Thing>, from);
const thing = (id: string): Thing => ({ id });

it("a click chooses, and the next on the same takes it back", () => {
  expect(chosen(clicked("ca"))).toBe("ac");
  expect(chosen(clicked("cac"))).toBe("a");
});

it("a range goes from the last click to this one, forwards and backwards, besides what was chosen", () => {
  expect(chosen(rangeTo(clicked("fb"), SHOWN, thing("d")))).toBe("bcdf");
  expect(chosen(rangeTo(clicked("e"), SHOWN, thing("c")))).toBe("cde");
});

it("ranges follow each other: the end of one is the beginning of the next", () => {
  const first = rangeTo(clicked("a"), SHOWN, thing("c"));
  expect(chosen(rangeTo(first, SHOWN, thing("e")))).toBe("abcde");
});

it("a range that ends on a chosen thing takes the range back", () => {
  const all = withAll(NOTHING as Selection<Thing>, SHOWN);
  expect(chosen(rangeTo(clicked("b", all), SHOWN, thing("d")))).toBe("aef");
});

it("a range from another page, or from nowhere, is a click", () => {
  expect(chosen(rangeTo(clicked("x"), SHOWN, thing("d")))).toBe("dx");
  expect(chosen(rangeTo(NOTHING, SHOWN, thing("d")))).toBe("d");
});

it("what is on other pages stays chosen with all of this page, and what is gone is no beginning", () => {
  const all = withAll(clicked("xb"), SHOWN);
  expect(chosen(all)).toBe("abcdefx");
  const left = without(all, thing("b"));
  expect(chosen(left)).toBe("acdefx");
  expect(chosen(rangeTo(left, SHOWN, thing("d")))).toBe("acefx");
});

it("a selection is never changed in place", () => {
  const before = clicked("a");
  toggled(before, thing("b"));
  withAll(before, SHOWN);
  expect(chosen(before)).toBe("a");
});
