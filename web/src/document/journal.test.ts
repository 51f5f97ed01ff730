import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { keepDraft } from "../annotation/draft_keeper";
import { imagePoint } from "../geometry/points";
import { makeBody } from "../testing/mask_server";
import { Browser } from "../testing/tabs";
import { ActiveClock } from "./active_time";
import { draftFrom, draftPixels, withStroke } from "./draft";
import { Editor } from "./editor";
import { Journal } from "./journal";
import { fromSegmentation } from "./rle";

const IMAGE = { id: "image", width: 7, height: 5 };
const FULL = fromSegmentation({ size: [5, 7], counts: "0S1" });

let browser: Browser;
let name: string;
let editor: Editor;
let journal: Journal;

const open = (id: string) => new Journal({ name, tabs: browser.open(id) });
const click = (x: number) =>
  editor.prompt((prompt) => ({ ...prompt, points: [...prompt.points, { at: imagePoint(x, 1), label: 1 }] }));
const reopen = async () => {
  await journal.written();
  browser.kill("first");
  return open("next").adoptDraft("me", IMAGE.id);
};

beforeEach(() => {
  browser = new Browser();
  name = crypto.randomUUID();
  journal = open("first");
  editor = new Editor([], () => undefined);
  const clock = new ActiveClock(performance.now());
  keepDraft({ editor, clock, journal, userId: "me", imageId: IMAGE.id });
});

describe("the object being made", () => {
  it("comes back with every click, what it showed, and the candidate that was chosen", async () => {
    const { promptId } = click(3);
    const logits = new Float32Array(4).fill(2);
    editor.answer(promptId, [
      { index: 1, predictedIou: 0.9, logits, mask: FULL },
      { index: 2, predictedIou: 0.8, logits, mask: FULL },
    ]);
    editor.choose(1);
    const record = await reopen();
    const draft = record && draftFrom(record, IMAGE);
    expect(draft?.prompt.points).toEqual([{ at: imagePoint(3, 1), label: 1 }]);
    expect(draft).toMatchObject({ chosen: 1, waiting: true, candidates: null });
    expect(draft && draftPixels(draft)).toEqual(FULL);

    const again = new Editor([], () => undefined);
    if (draft) again.resume(draft);
    const resumed = again.getState().draft;
    const candidate = { index: 1, predictedIou: 0.9, logits, mask: FULL };
    again.answer(resumed?.promptId ?? -1, [candidate, { ...candidate, index: 2 }]);
    expect(again.getState().draft?.chosen).toBe(1);
  });

  it("comes back with what was painted", async () => {
    editor.paint((draft) => withStroke(draft, FULL, "paint"));
    const record = await reopen();
    const draft = record && draftFrom(record, IMAGE);
    expect(draft && draftPixels(draft)).toEqual(FULL);
    expect(draft?.waiting).toBe(false);
  });

  it("is gone once it is accepted or dropped", async () => {
    click(3);
    editor.accept("new", makeBody("0S1"), FULL, null);
    expect(await reopen()).toBeNull();
  });

  it("comes back on the page that left it, too", async () => {
    click(3);
    expect((await journal.adoptDraft("me", IMAGE.id))?.draft.prompt.points).toHaveLength(1);
  });

  it("is not taken from a page that still lives, nor shown to somebody else", async () => {
    click(3);
    await journal.written();
    expect(await open("second").adoptDraft("me", IMAGE.id)).toBeNull();
    browser.kill("first");
    expect(await open("third").adoptDraft("you", IMAGE.id)).toBeNull();
  });

  it("is waited for where its page is still going", async () => {
    click(3);
    await journal.written();
    const adopting = open("second").adoptDraft("me", IMAGE.id);
    setTimeout(() => browser.kill("first"), 10);
    expect((await adopting)?.draft.prompt.points).toHaveLength(1);
  });

  it("is not put on an image of another size", async () => {
    editor.paint((draft) => withStroke(draft, FULL, "paint"));
    const record = await reopen();
    expect(record && draftFrom(record, { width: 8, height: 5 })).toBeNull();
  });
});

describe("a browser that keeps nothing", () => {
  it("says so", async () => {
    const refuse = vi.spyOn(indexedDB, "open").mockImplementation(() => {
      throw new DOMException("The operation is insecure.", "SecurityError");
    });
    const insecure = open("first");
    insecure.forgetSave("a");
    await insecure.written();
    expect(insecure.getState()).toBe("failed");
    refuse.mockRestore();
    insecure.forgetSave("a");
    await insecure.written();
    expect(insecure.getState()).toBe("kept");
  });
});
