import { beforeEach, expect, it } from "vitest";
import { PyramidAhead } from "./pyramid_ahead";

class Picture {
  closed = false;
  constructor(readonly url: string) {}
  close(): void {
    this.closed = true;
  }
}

let loaded: Picture[];
let broken: boolean;
let ahead: PyramidAhead<Picture>;
const { signal } = new AbortController();

beforeEach(() => {
  loaded = [];
  broken = false;
  ahead = new PyramidAhead(async (url) => {
    if (broken) throw new Error("no network");
    const picture = new Picture(url);
    loaded.push(picture);
    return picture;
  });
});

it("hands over what was prepared, once, without loading it again", async () => {
  ahead.prepare("a");
  ahead.prepare("a");
  const first = await ahead.take("a", signal);
  ahead.discard();
  expect([loaded.length, first.closed]).toEqual([1, false]);
  expect(await ahead.take("a", signal)).not.toBe(first);
});

it("gives up what is not wanted any more", async () => {
  ahead.prepare("a");
  ahead.prepare("b");
  const other = await ahead.take("c", signal);
  await ahead.take("b", signal);
  ahead.prepare("d");
  ahead.discard();
  await Promise.resolve();
  expect(loaded.map(({ url, closed }) => [url, closed])).toEqual([
    ["a", true],
    ["b", false],
    ["c", false],
    ["d", true],
  ]);
  expect(other.url).toBe("c");
});

it("loads again what could not be prepared", async () => {
  broken = true;
  ahead.prepare("a");
  await Promise.resolve();
  await Promise.resolve();
  broken = false;
  expect((await ahead.take("a", signal)).url).toBe("a");
});
