import { beforeEach, describe, expect, it } from "vitest";
import type { MaskBody } from "../api/types";
import { ActiveClock } from "../document/active_time";
import { draftPixels } from "../document/draft";
import { Editor } from "../document/editor";
import { area, encode, fromSegmentation, type Rle } from "../document/rle";
import { contains } from "../document/rle_operations";
import { imagePoint } from "../geometry/points";
import { Observable } from "../observable";
import { makeBody, makeMask } from "../testing/mask_server";
import { ObjectMaking } from "./object_making";
import { INITIALLY_SHOWN } from "./shown";

const IMAGE = { width: 7, height: 5 };
/** The left three columns. */
const LEFT = encode(
  Array.from({ length: 35 }, (_, i) => Number(i % 7 < 3)),
  7,
  5,
);
const STORED = makeBody("0S1", "wall");

let editor: Editor;
let making: ObjectMaking;
let shown: Observable<typeof INITIALLY_SHOWN>;
let saved: [string, MaskBody | null][];

beforeEach(() => {
  saved = [];
  editor = new Editor([makeMask("stored", "image", STORED)], (changes) => {
    for (const { id, body } of changes) saved.push([id, body]);
  });
  shown = new Observable(INITIALLY_SHOWN);
  const clock = new ActiveClock(performance.now());
  making = new ObjectMaking({
    ...{ image: IMAGE, editor, clock, shown, authorName: "Me", label: new Observable<string | null>(null) },
    decoding: () => null,
  });
});

const click = (x: number, label: 0 | 1 = 1) => making.addPoint({ at: imagePoint(x, 2), label });
const answer = (mask: Rle, logit = 1) =>
  making.answered(making.draft?.promptId ?? 0, [
    { index: 1, predictedIou: 0.9, logits: new Float32Array(4).fill(logit), mask },
  ]);
const stroke = (mode: "paint" | "erase", from: number, to: number) => {
  making.paint(mode, imagePoint(from + 0.5, 2.5), imagePoint(to + 0.5, 2.5), 1);
  making.endStroke();
};
const pixels = () => (making.draft ? draftPixels(making.draft) : null);
const row = () =>
  [0, 1, 2, 3, 4, 5, 6].map((x) => (pixels() && contains(pixels() as Rle, x, 2) ? "#" : ".")).join("");

describe("brush and clicks on one object", () => {
  it("begins an object, and a click goes on with it", () => {
    stroke("paint", 4, 5);
    expect(row()).toBe("....##.");
    click(0);
    answer(LEFT);
    expect(row()).toBe("###.##.");
  });

  it("keeps what was painted and erased, whatever the decoder answers", () => {
    click(0);
    answer(LEFT);
    stroke("erase", 0, 1);
    stroke("paint", 6, 6);
    click(2);
    answer(LEFT);
    expect(row()).toBe("..#...#");
  });

  it("gives erased pixels back to the decoder where the person clicks on them", () => {
    click(0);
    answer(LEFT);
    stroke("erase", 0, 0);
    stroke("erase", 2, 2);
    click(0);
    answer(LEFT);
    expect(row()).toBe("##.....");
  });

  it("undoes stroke by stroke and click by click", () => {
    click(0);
    answer(LEFT);
    stroke("paint", 5, 6);
    click(3);
    for (const expected of ["###..##", "###....", "......."]) {
      editor.undo();
      expect(row()).toBe(expected);
    }
    editor.redo();
    editor.redo();
    expect(row()).toBe("###..##");
  });

  it("fills holes and keeps the largest part as steps of their own", () => {
    stroke("paint", 0, 0);
    stroke("paint", 3, 6);
    making.keepLargestPart();
    expect(row()).toBe("...####");
    making.fillHoles();
    editor.undo();
    expect(row()).toBe("#..####");
  });

  it("says that there is nothing to erase yet", () => {
    stroke("erase", 0, 3);
    expect(making.draft).toBeNull();
    expect(shown.getState().notice?.tone).toBe("info");
  });

  it("is stored without the decoder's estimates once it was painted on", () => {
    click(0);
    answer(LEFT);
    stroke("paint", 5, 6);
    making.accept();
    expect(saved[0]?.[1]).toMatchObject({ predicted_iou: null, stability_score: null, candidate_index: 0 });
    expect(saved[0]?.[1]?.prompts.points).toHaveLength(1);
  });
});

describe("points", () => {
  it("move as one step of undo, however far the drag goes", () => {
    click(0);
    answer(LEFT);
    making.movePoint(0, imagePoint(1, 2), false);
    making.movePoint(0, imagePoint(2, 2), true);
    expect(making.draft).toMatchObject({ waiting: true, maskInput: null });
    expect(making.draft?.prompt.points[0]?.at).toEqual(imagePoint(2, 2));
    editor.undo();
    expect(making.draft?.prompt.points[0]?.at).toEqual(imagePoint(0, 2));
    expect(row()).toBe("###....");
  });

  it("forget the answers they led to when they are deleted", () => {
    click(0);
    answer(LEFT);
    click(5, 0);
    expect(making.draft?.maskInput).not.toBeNull();
    making.deletePoint(1);
    expect(making.draft).toMatchObject({ maskInput: null, waiting: true });
    making.deletePoint(0);
    expect(making.draft?.waiting).toBe(false);
  });
});

describe("a stored mask", () => {
  it("is replaced by what it was made into, with its label, its place and both times", () => {
    making.refine("stored");
    expect(pixels()).toEqual(fromSegmentation(STORED.segmentation));
    stroke("erase", 0, 2);
    making.accept();
    expect(saved).toHaveLength(1);
    expect(saved[0]?.[0]).toBe("stored");
    expect(saved[0]?.[1]).toMatchObject({ label: "wall" });
    expect(saved[0]?.[1]?.active_ms).toBeGreaterThanOrEqual(STORED.active_ms);
    const mask = editor.getState().masks.get("stored");
    expect(mask && area(mask.rle)).toBe(32);
    expect(mask?.order).toBe(0);
  });

  it("stays as it is when nothing was changed, or it is dropped", () => {
    making.refine("stored");
    making.accept();
    making.refine("stored");
    stroke("erase", 0, 2);
    making.drop();
    expect(saved).toEqual([]);
    expect(making.draft).toBeNull();
  });

  it("is not opened over an object that is being made", () => {
    click(0);
    making.refine("stored");
    expect(making.draft?.refines).toBeNull();
  });
});

describe("undo without limit", () => {
  it("goes back over a thousand steps, asking the decoder again for those long past", () => {
    for (let i = 0; i < 1000; i++) {
      click(i % 7);
      answer(LEFT, i);
    }
    for (let i = 0; i < 999; i++) editor.undo();
    expect(making.draft?.prompt.points).toHaveLength(1);
    expect(making.draft?.waiting).toBe(true);
    expect(row()).toBe("###....");
    editor.undo();
    expect(making.draft).toBeNull();
  });
});

describe("a mask that was painted, opened again", () => {
  const reopen = (strokes: number) => {
    const body = { ...makeBody("0S1", "wall"), prompts: { points: [], box: null, strokes } };
    editor = new Editor(
      [makeMask("stored", "image", body)].map((mask) => ({ ...mask, ...body })),
      () => undefined,
    );
    const clock = new ActiveClock(0);
    making = new ObjectMaking({
      ...{ image: IMAGE, editor, clock, shown, authorName: "Me", label: new Observable<string | null>(null) },
      decoding: () => null,
    });
    making.refine("stored");
  };

  it("keeps what was painted when a click asks the decoder", () => {
    reopen(2);
    expect(row()).toBe("#######");
    click(0);
    answer(LEFT);
    expect(row()).toBe("#######");
  });

  it("gives a part back to the decoder where it is clicked away", () => {
    reopen(2);
    click(6, 0);
    answer(LEFT);
    expect(row()).toBe("###....");
  });

  it("counts the strokes of before and of now", () => {
    reopen(2);
    stroke("erase", 6, 6);
    making.accept();
    expect(editor.getState().masks.get("stored")?.body.prompts.strokes).toBe(3);
  });
});

it("what a person corrects is no longer automatic, and new masks beside it are semi-automatic", () => {
  const stages = () => [...editor.getState().masks.values()].map(({ body }) => body.stage);
  editor = new Editor([{ ...makeMask("stored", "image", STORED), stage: "automatic" }], () => undefined);
  const clock = new ActiveClock(0);
  making = new ObjectMaking({
    ...{ image: IMAGE, editor, clock, shown, authorName: "Me", label: new Observable<string | null>("door") },
    decoding: () => null,
  });
  making.refine("stored");
  stroke("erase", 6, 6);
  making.accept();
  stroke("paint", 6, 6);
  making.accept();
  expect(stages()).toEqual(["semi_automatic", "semi_automatic"]);
  expect([...editor.getState().masks.values()].map(({ body }) => body.label)).toEqual(["wall", "door"]);
});
