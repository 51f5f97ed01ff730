import "fake-indexeddb/auto";
import { beforeEach, expect, it } from "vitest";
import { createApi } from "../api/client";
import type { ImageDetail, Mask, Me } from "../api/types";
import { isWaiting } from "../document/editor";
import { Journal } from "../document/journal";
import { area } from "../document/rle";
import { SaveQueue } from "../document/save_queue";
import { imagePoint, screenPoint } from "../geometry/points";
import { Observable } from "../observable";
import { makeBody, makeMask } from "../testing/mask_server";
import { Browser } from "../testing/tabs";
import type { PageCommands } from "./actions";
import { Annotation } from "./annotation";
import { Keymap, keymap } from "./keymap";
import { handleKey } from "./keys";
import { preferences } from "./preferences";

const PAGE = Object.fromEntries(
  ["nextImage", "previousImage", "neighbour", "finishImage", "skipImage", "pickLabel", "toggleKeys"].map(
    (name) => [name, () => called.push(name)],
  ),
) as unknown as PageCommands;
let called: string[];

let annotation: Annotation;

beforeEach(() => {
  called = [];
  const journal = new Journal({ name: crypto.randomUUID(), tabs: new Browser().open("page") });
  annotation = new Annotation({
    image: { id: "image", width: 100, height: 80 } as ImageDetail,
    masks: [],
    askedAt: 0,
    me: { id: "me", name: "Me", role: "owner" } as Me,
    queue: new SaveQueue(createApi("http://127.0.0.1:1"), journal),
    journal,
    left: null,
    labels: [
      { name: "gull", colour: "#56b4e9" },
      { name: "tern", colour: "#e69f00" },
    ],
    label: new Observable<string | null>(null),
  });
  annotation.setCanvasSize({ width: 200, height: 160 });
});

const press = (key: string, more: Partial<KeyboardEvent> = {}) => {
  const modifiers = { altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, repeat: false };
  return handleKey({ key, ...modifiers, ...more } as KeyboardEvent, annotation, PAGE);
};
const clickAt = (x: number, y: number) => {
  const at = { screen: screenPoint(10 * x, 10 * y), image: imagePoint(x, y) };
  const tool = annotation.tools[annotation.shown.getState().tool];
  const input = { ...at, button: 0, alt: false, shift: false };
  for (const type of ["down", "up"] as const) tool.handle({ ...input, type }, annotation.commands);
};

it("Enter closes the polygon first, and then accepts the object", () => {
  press("g");
  for (const [x, y] of [
    [10, 10],
    [60, 10],
    [60, 50],
    [10, 50],
  ] as const) {
    clickAt(x, y);
  }
  press("Enter");
  expect(annotation.making.draft).not.toBeNull();
  press("Enter");
  const [mask] = annotation.editor.getState().masks.values();
  expect(mask && area(mask.rle)).toBe(50 * 40);
});

it("Ctrl+Z takes back a corner of an open polygon before anything else", () => {
  press("p");
  clickAt(50, 40);
  press("g");
  clickAt(10, 10);
  press("z", { ctrlKey: true });
  expect(annotation.shown.getState().polygon).toBeNull();
  expect(annotation.making.draft).not.toBeNull();
  press("z", { ctrlKey: true });
  expect(annotation.making.draft).toBeNull();
});

it("a size key held down goes on, a tool key does not toggle", () => {
  const before = preferences.getState().brushDiameter;
  for (let i = 0; i < 3; i++) press("]", { repeat: i > 0 });
  expect(preferences.getState().brushDiameter).toBeGreaterThan(before + 2);
  press("h");
  press("h", { repeat: true });
  expect(annotation.shown.getState().masksHidden).toBe(true);
});

it("R opens the smallest mask under the pointer, and Esc leaves it as it was", () => {
  press("p");
  clickAt(50, 40);
  press("Enter");
  const [stored] = annotation.editor.getState().masks.values();
  annotation.pointAt(imagePoint(50, 40), false);
  press("r");
  expect(annotation.making.draft?.refines).toBe(stored?.id);
  press("Escape");
  expect([...annotation.editor.getState().masks.values()]).toEqual([stored]);
});

it("arrows and A point without a mouse: a polygon, a stroke of the brush, and a box that Esc gives up", () => {
  const arrows = (key: string, count: number) => {
    for (let i = 0; i < count; i++) press(key, { shiftKey: true });
  };
  expect(press("a")).toBe(false);
  press("ArrowRight");
  expect(annotation.shown.getState().cross).toEqual({ x: 50.5, y: 40.5 });
  press("g");
  for (const [key, count] of [
    ["ArrowLeft", 20],
    ["ArrowDown", 10],
    ["ArrowRight", 20],
    ["ArrowUp", 10],
  ] as const) {
    press("a");
    arrows(key, count);
  }
  press("Enter");
  press("Enter");
  const [mask] = annotation.editor.getState().masks.values();
  expect(mask && area(mask.rle)).toBe(20 * 10);

  press("p");
  press("a");
  arrows("ArrowRight", 30);
  expect(annotation.shown.getState().stroke).not.toBeNull();
  press("a");
  expect(annotation.shown.getState().stroke).toBeNull();
  press("Escape");

  press("b");
  press("a");
  arrows("ArrowDown", 20);
  expect(annotation.shown.getState().rubberBand).not.toBeNull();
  press("Escape");
  expect(annotation.shown.getState().rubberBand).toBeNull();
  expect(annotation.making.draft).toBeNull();
});

it("a key that nothing is bound to keeps its meaning for the page", () => {
  expect(press("Tab")).toBe(false);
  expect(press("w")).toBe(false);
  expect(press("p", { ctrlKey: true })).toBe(false);
});

it("digits label the selected mask, which undo takes back, and otherwise the masks to come", () => {
  press("2");
  press("p");
  clickAt(50, 40);
  press("Enter");
  const labels = () => [...annotation.editor.getState().masks.values()].map(({ body }) => body.label);
  expect(labels()).toEqual(["tern"]);
  annotation.select([...annotation.editor.getState().masks.keys()][0] ?? null);
  press("1");
  expect(labels()).toEqual(["gull"]);
  press("z", { ctrlKey: true });
  expect(labels()).toEqual(["tern"]);
  press("0");
  expect(labels()).toEqual([null]);
  expect(press("3")).toBe(false);
});

it("a key that was changed does what was chosen, and no longer what it did", () => {
  expect(keymap.choose("finishImage", "N")).toBe("nextImage");
  press("n");
  press("d");
  expect(called).toEqual(["finishImage"]);
  keymap.reset();
  press("n");
  press("N", { shiftKey: true });
  press("PageDown");
  expect(called).toEqual(["finishImage", "nextImage", "previousImage", "neighbour"]);
});

it("changed keys are kept in the browser", () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  new Keymap(storage).choose("finishImage", "N");
  const again = new Keymap(storage);
  expect([again.keysOf("finishImage"), again.keysOf("nextImage")]).toEqual([["N"], []]);
  kept.set([...kept.keys()][0] ?? "", '{"finishImage": 7, "nothing": ["N"]}');
  expect(new Keymap(storage).getState()).toEqual({});
});

it("Y walks through the masks that wait for review and keeps them, Delete rejects", () => {
  const stored = ["a", "b", "c"].map(
    (id) => ({ ...makeMask(id, "image", makeBody("0S1")), review: "waiting" }) as Mask,
  );
  annotation.editor.restore({ ...makeMask("own", "image", makeBody("0S1")), review: null } as Mask);
  for (const mask of stored) annotation.editor.restore(mask);
  const selected = () => annotation.shown.getState().selectedId;
  const waiting = () => [...annotation.editor.getState().masks.values()].filter(isWaiting).length;
  press("y");
  expect([selected(), waiting()]).toEqual(["c", 3]);
  press("y");
  expect([selected(), waiting()]).toEqual(["b", 2]);
  press("Delete");
  expect([selected(), waiting()]).toEqual(["a", 1]);
  press("y");
  expect([selected(), waiting()]).toEqual([null, 0]);
  expect([...annotation.editor.getState().masks.keys()]).toEqual(["own", "a", "c"]);
});
