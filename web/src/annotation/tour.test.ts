import { beforeEach, expect, it } from "vitest";
import { Editor } from "../document/editor";
import { encode } from "../document/rle";
import { imagePoint } from "../geometry/points";
import { makeBody } from "../testing/mask_server";
import { Tour } from "./tour";

const PIXEL = encode([1], 1, 1);
let stored: Map<string, string>;
let tour: Tour;
let editor: Editor;

beforeEach(() => {
  stored = new Map();
  tour = new Tour({
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => void stored.set(key, value),
  });
  editor = new Editor([], () => undefined);
  tour.follow(editor);
});

const click = () => {
  const draft = editor.prompt(({ points, box }) => ({
    points: [...points, { at: imagePoint(0, 0), label: 1 }],
    box,
  }));
  editor.answer(draft.promptId, [
    { index: 1, predictedIou: 0.9, logits: new Float32Array(1), mask: PIXEL },
    { index: 2, predictedIou: 0.8, logits: new Float32Array(1), mask: PIXEL },
  ]);
};

it("goes on with what the person does", () => {
  const steps = [tour.getState()];
  for (const act of [click, () => editor.choose(1), () => editor.accept("id", makeBody("1"), PIXEL, "Me")]) {
    act();
    steps.push(tour.getState());
  }
  expect(steps).toEqual(["click", "correct", "accept", "goOn"]);
});

it("leaves out what the person leaves out, and comes once", () => {
  click();
  editor.accept("id", makeBody("1"), PIXEL, "Me");
  expect(tour.getState()).toBe("goOn");
  tour.end();
  const storage = { getItem: (key: string) => stored.get(key) ?? null, setItem: () => undefined };
  expect(new Tour(storage).getState()).toBeNull();
});

it("goes on after a reload where it was, and is over on the next image", () => {
  click();
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
  };
  const reloaded = new Tour(storage);
  expect(reloaded.getState()).toBe("correct");
  const again = new Editor([], () => undefined);
  reloaded.follow(again);
  again.accept("id", makeBody("1"), PIXEL, "Me");
  expect(reloaded.getState()).toBe("goOn");
  reloaded.follow(new Editor([], () => undefined));
  expect(reloaded.getState()).toBeNull();
  expect(new Tour(storage).getState()).toBeNull();
});
