import { beforeEach, describe, expect, it } from "vitest";
import type { Mask } from "../api/types";
import type { Candidate } from "../decoder/candidates";
import { imagePoint } from "../geometry/points";
import { makeBody, makeMask } from "../testing/mask_server";
import { ActiveClock } from "./active_time";
import { Editor, isWaiting, type MaskChange } from "./editor";
import { fromSegmentation } from "./rle";

const FULL = { size: [5, 7], counts: "0S1" };
const candidate = (index: number): Candidate => ({
  index,
  predictedIou: 1 - index / 10,
  logits: new Float32Array(1).fill(index),
  mask: fromSegmentation(FULL),
});

let changes: MaskChange[];
let editor: Editor;

const click = (x: number) =>
  editor.prompt((prompt) => ({ ...prompt, points: [...prompt.points, { at: imagePoint(x, 1), label: 1 }] }));
const clickAndAnswer = (x: number) => {
  const { promptId } = click(x);
  editor.answer(promptId, [candidate(1), candidate(2)]);
};
const accept = (id: string) => editor.accept(id, makeBody(FULL.counts), fromSegmentation(FULL), "Me");
const pointCount = () => editor.getState().draft?.prompt.points.length ?? null;
const maskIds = () => [...editor.getState().masks.keys()];

beforeEach(() => {
  changes = [];
  editor = new Editor([makeMask("stored", "image", makeBody(FULL.counts))], (made) => changes.push(...made));
});

describe("making an object", () => {
  it("feeds back the logits of the candidate that was chosen, not with the first click", () => {
    expect(click(1).maskInput).toBeNull();
    editor.answer(editor.getState().draft?.promptId ?? 0, [candidate(1), candidate(2)]);
    editor.choose(1);
    expect(click(2).maskInput?.[0]).toBe(2);
  });

  it("ignores an answer to an older prompt, and a second answer to the same", () => {
    const first = click(1);
    const second = click(2);
    expect(editor.answer(first.promptId, [candidate(1)])).toBe(false);
    expect(editor.answer(second.promptId, [candidate(2)])).toBe(true);
    expect(editor.answer(second.promptId, [candidate(3)])).toBe(false);
    expect(editor.getState().draft?.candidates?.[0]?.index).toBe(2);
  });

  it("begins anew after accepting", () => {
    clickAndAnswer(1);
    accept("new");
    expect(editor.getState().draft).toBeNull();
    expect(click(5).maskInput).toBeNull();
    expect(pointCount()).toBe(1);
  });
});

describe("undo", () => {
  it("goes back over clicks, accepting and deleting, and forward again", () => {
    clickAndAnswer(1);
    clickAndAnswer(2);
    accept("new");
    editor.delete("stored");
    expect(maskIds()).toEqual(["new"]);

    editor.undo();
    expect(maskIds()).toEqual(["stored", "new"]);
    editor.undo();
    expect(maskIds()).toEqual(["stored"]);
    expect(pointCount()).toBe(2);
    editor.undo();
    expect(pointCount()).toBe(1);
    editor.undo();
    expect(pointCount()).toBeNull();
    expect(editor.canUndo).toBe(false);

    for (let i = 0; i < 4; i++) editor.redo();
    expect(maskIds()).toEqual(["new"]);
    expect(editor.canRedo).toBe(false);
  });

  it("shows the earlier answer again without another decode", () => {
    clickAndAnswer(1);
    click(2);
    editor.undo();
    expect(editor.getState().draft?.candidates).toHaveLength(2);
  });

  it("tells what to save: a content on accepting and redoing, nothing on undoing", () => {
    clickAndAnswer(1);
    accept("new");
    editor.undo();
    editor.redo();
    expect(changes.map(({ id, body }) => [id, body !== null])).toEqual([
      ["new", true],
      ["new", false],
      ["new", true],
    ]);
  });

  it("keeps what waits for review and deletes several masks, each as one step", () => {
    const stored = ["a", "b", "c"].map((id) => ({
      ...makeMask(id, "image", makeBody(FULL.counts)),
      review: "waiting",
    }));
    editor = new Editor(stored as Mask[], (made) => changes.push(...made));
    const waiting = () => [...editor.getState().masks.values()].filter(isWaiting).map(({ id }) => id);
    editor.keep("a", "b");
    expect(waiting()).toEqual(["c"]);
    editor.keep("a");
    editor.delete("b", "c");
    editor.undo();
    expect([maskIds(), waiting()]).toEqual([["a", "b", "c"], ["c"]]);
    editor.undo();
    expect(waiting()).toEqual(["a", "b", "c"]);
    expect(changes.map(({ id, body }) => [id, body?.review])).toEqual([
      ["a", "accepted"],
      ["b", "accepted"],
      ["b", undefined],
      ["c", undefined],
      ["b", "accepted"],
      ["c", "waiting"],
      ["a", "waiting"],
      ["b", "waiting"],
    ]);
  });

  it("takes a waiting mask that is labelled for kept", () => {
    const stored = { ...makeMask("a", "image", makeBody(FULL.counts)), review: "waiting" } as Mask;
    editor = new Editor([stored], (made) => changes.push(...made));
    editor.relabel("a", "gull");
    expect(changes).toMatchObject([{ id: "a", body: { label: "gull", review: "accepted" } }]);
  });

  it("forgets what could be redone once something new is done", () => {
    clickAndAnswer(1);
    editor.undo();
    click(7);
    expect(editor.canRedo).toBe(false);
  });

  it("brings a dropped object back", () => {
    clickAndAnswer(1);
    editor.drop();
    editor.undo();
    expect(editor.getState().draft?.candidates).toHaveLength(2);
  });
});

describe("a conflict", () => {
  it("shows the stored version and keeps ours as a copy, also after undo", () => {
    clickAndAnswer(1);
    const theirs = { body: makeBody(FULL.counts, "theirs"), authorName: "They" };
    editor.reconcile("stored", theirs, "copy");
    expect(maskIds()).toEqual(["stored", "copy"]);
    expect(editor.getState().masks.get("stored")?.body.label).toBe("theirs");
    expect(changes).toEqual([]);
    editor.undo();
    expect(maskIds()).toEqual(["stored", "copy"]);
  });
});

describe("the clock", () => {
  it("counts a pause as active for five seconds and as idle beyond", () => {
    const clock = new ActiveClock(0);
    clock.activity(3_000);
    clock.activity(15_000);
    expect(clock.read(16_000)).toEqual({ activeMs: 9_000, idleMs: 7_000 });
    clock.restart(20_000);
    expect(clock.read(20_000)).toEqual({ activeMs: 0, idleMs: 0 });
  });
});

it("brings a deleted mask back as a step that can be undone", () => {
  editor.restore(makeMask("gone", "image", makeBody(FULL.counts), 2, "2026-01-01T00:00:00Z"));
  expect(maskIds()).toEqual(["stored", "gone"]);
  expect(changes.map(({ id, body }) => [id, body !== null])).toEqual([["gone", true]]);
  editor.undo();
  expect(maskIds()).toEqual(["stored"]);
  editor.restore(makeMask("stored", "image", makeBody(FULL.counts)));
  expect(editor.canRedo).toBe(true);
});
