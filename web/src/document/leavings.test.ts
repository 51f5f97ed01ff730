import { beforeEach, expect, it } from "vitest";
import { Leavings } from "./leavings";

let stored: Map<string, string>;
let sent: string[];
let reachable: boolean;

beforeEach(() => {
  stored = new Map();
  sent = [];
  reachable = true;
});

const page = () =>
  new Leavings(
    {
      getItem: (key) => stored.get(key) ?? null,
      setItem: (key, value) => void stored.set(key, value),
    },
    async (imageId) => {
      sent.push(imageId);
      return reachable;
    },
  );

it("is over once the server has the image back", async () => {
  await page().leave("a");
  await page().sendLeft([]);
  expect(sent).toEqual(["a"]);
});

it("is told again by the next page where nobody heard it", async () => {
  reachable = false;
  await page().leave("a");
  reachable = true;
  await page().sendLeft([]);
  await page().sendLeft([]);
  expect(sent).toEqual(["a", "a"]);
});

it("does not give back what is open again, here or on another page", async () => {
  reachable = false;
  await page().leave("a");
  await page().leave("b");
  page().comeBack("a");
  sent = [];
  await page().sendLeft(["b"]);
  expect(sent).toEqual([]);
});

it("starts anew where the browser's note cannot be read", async () => {
  stored.set("maskloop.leavings", "{");
  await page().sendLeft([]);
  await page().leave("a");
  expect(sent).toEqual(["a"]);
});

it("waits a moment where asked to, and not for an image that is open again", async () => {
  const leaving = page().leave("a", 20);
  expect(sent).toEqual([]);
  await leaving;
  expect(sent).toEqual(["a"]);
  const back = page().leave("b", 20);
  page().comeBack("b");
  await back;
  expect(sent).toEqual(["a"]);
});
