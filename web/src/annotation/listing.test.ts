import { describe, expect, it } from "vitest";
import type { DocumentMask } from "../document/editor";
import { encode } from "../document/rle";
import { makeBody } from "../testing/mask_server";
import { listed, type Sorting } from "./listing";

const mask = (order: number, pixels: number, iou: number | null, label: string | null): DocumentMask => ({
  id: `mask-${order}`,
  order,
  body: { ...makeBody("0S1", label), predicted_iou: iou },
  rle: encode(
    Array.from({ length: 8 }, (_, i) => Number(i < pixels)),
    8,
    1,
  ),
  authorName: order === 2 ? "Anna" : "Ben",
});
const MASKS = [mask(0, 3, 0.9, "tern"), mask(1, 1, null, null), mask(2, 5, 0.4, "gull")];
const words = ({ body, authorName }: DocumentMask) => [body.label ?? "", authorName ?? "", body.stage];
const ordersOf = (search: string, sorting: Sorting) =>
  listed(MASKS, { search, sorting }, words).map(({ order }) => order);

describe("the list of objects", () => {
  it.each<[Sorting, number[]]>([
    ["newest", [2, 1, 0]],
    ["oldest", [0, 1, 2]],
    ["largest", [2, 0, 1]],
    ["smallest", [1, 0, 2]],
    ["leastSure", [2, 0, 1]],
    ["label", [2, 0, 1]],
  ])("sorts by %s, with what has no such value at the end", (sorting, expected) => {
    expect(ordersOf("", sorting)).toEqual(expected);
  });

  it("finds masks by every word, in any part and any case", () => {
    expect(ordersOf("GUL", "newest")).toEqual([2]);
    expect(ordersOf("anna manual", "newest")).toEqual([2]);
    expect(ordersOf("anna tern", "newest")).toEqual([]);
  });
});
