import { beforeEach, describe, expect, it, vi } from "vitest";
import { encode, type Rle } from "../document/rle";
import { type ImagePoint, imagePoint } from "../geometry/points";
import { HoverPreview } from "./hover_preview";

/** Left and right halves of an image of 4 × 1 pixels. */
const LEFT = encode([1, 1, 0, 0], 4, 1);
const RIGHT = encode([0, 0, 1, 1], 4, 1);
const pixel = (x: number) => imagePoint(x, 0);

let asked: { at: ImagePoint; answer: (mask: Rle | null) => void }[];
let rests: { ms: number; end: () => void }[];
let now: number;
let preview: HoverPreview;

beforeEach(() => {
  asked = [];
  rests = [];
  now = 0;
  preview = new HoverPreview({
    ask: (at) => new Promise((answer) => asked.push({ at, answer })),
    now: () => now,
    wait: (ms) => new Promise((end) => rests.push({ ms, end })),
  });
});

const turn = () => new Promise((resolve) => setTimeout(resolve));
async function answer(mask: Rle | null): Promise<void> {
  asked.at(-1)?.answer(mask);
  await turn();
}
async function rest(): Promise<void> {
  rests.at(-1)?.end();
  await turn();
}
const places = () => asked.map(({ at }) => at.x);

describe("the mask under the cursor", () => {
  it("is asked for once at a time, then for the latest place alone, after a rest as long as the answer took", async () => {
    for (const x of [0, 1, 2, 3]) preview.hover(pixel(x));
    expect(places()).toEqual([0]);
    now = 30;
    await answer(LEFT);
    expect(rests.map(({ ms }) => ms)).toEqual([30]);
    expect(places()).toEqual([0]);
    await rest();
    expect(places()).toEqual([0, 3]);
  });

  it("is never shown where the cursor has left it", async () => {
    preview.hover(pixel(0));
    preview.hover(pixel(3));
    await answer(LEFT);
    expect(preview.getState()).toBeNull();
    await rest();
    await answer(RIGHT);
    expect(preview.getState()?.mask).toBe(RIGHT);
    preview.hover(pixel(2));
    expect(preview.getState()?.mask).toBe(RIGHT);
    preview.hover(pixel(1));
    expect(preview.getState()).toBeNull();
  });

  it("goes away at once with the click, and a late answer does not bring it back", async () => {
    preview.hover(pixel(0));
    preview.hover(null);
    await answer(LEFT);
    expect(preview.getState()).toBeNull();
    await rest();
    expect(places()).toEqual([0]);
  });

  it("is not asked for again and again while clicks come first", async () => {
    preview.hover(pixel(0));
    await answer(null);
    await rest();
    expect(places()).toEqual([0]);
    preview.hover(pixel(0));
    await vi.waitFor(() => expect(places()).toEqual([0, 0]));
  });
});
