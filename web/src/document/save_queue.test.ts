import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApi } from "../api/client";
import { MaskServer, makeBody, makeMask } from "../testing/mask_server";
import { Browser } from "../testing/tabs";
import { Journal } from "./journal";
import { SaveQueue, type SaveState } from "./save_queue";

const IMAGE = "image-1";
const FULL = "0S1";
const EMPTY = "S1";

let server: MaskServer;
let browser: Browser;
let queue: SaveQueue;
/** The browser's database. */
let name: string;
/** Every state that was shown. */
let states: SaveState[];

beforeEach(async () => {
  server = await MaskServer.start();
  browser = new Browser();
  name = crypto.randomUUID();
  queue = (await openPage("first")).queue;
  states = [];
  queue.subscribe(() => states.push(queue.getState()));
});

afterEach(() => server.stop());

/** A page of the browser, with whatever pages before it have left to it. */
async function openPage(id: string, userId = "me", origin = server.origin) {
  const journal = new Journal({ name, tabs: browser.open(id) });
  const queue = new SaveQueue(createApi(origin), journal, { firstDelayMs: 5, maxDelayMs: 20 });
  await queue.resume(userId);
  return { queue, journal };
}

/** A page that never reaches the server. */
const openPageOffline = (id: string) => openPage(id, "me", "http://127.0.0.1:1");

const settled = (of = queue) =>
  vi.waitFor(() => expect(of.getState()).toEqual({ phase: "saved", unsaved: 0, undecided: [] }), 5_000);
const undecided = () =>
  vi.waitFor(() => {
    expect(queue.getState().phase).toBe("undecided");
    return queue.getState().undecided;
  }, 5_000);
const requests = () => server.received.map(({ method, match }) => `${method} ${match}`);

describe("saving", () => {
  it("creates a mask once, and tells while it is unsaved", async () => {
    queue.want(IMAGE, "a", makeBody(FULL));
    expect(queue.getState()).toMatchObject({ phase: "saving", unsaved: 1 });
    await settled();
    expect(requests()).toEqual(["PUT *"]);
    expect(server.masks.get("a")?.version).toBe(1);
  });

  it("deletes on undo and restores on redo, each from the version before", async () => {
    const body = makeBody(FULL);
    for (const wanted of [body, null, body]) {
      queue.want(IMAGE, "a", wanted);
      await settled();
    }
    expect(requests()).toEqual(["PUT *", 'DELETE "1"', 'POST "2"']);
    expect(server.masks.get("a")).toMatchObject({ version: 3, deleted_at: null });
  });

  it("restores a mask that was deleted in an earlier visit", async () => {
    const gone = makeMask("a", IMAGE, makeBody(FULL), 2, "2026-01-01T00:00:00Z");
    server.masks.set("a", gone);
    queue.know(gone);
    expect(queue.getState().phase).toBe("saved");
    queue.want(IMAGE, "a", makeBody(FULL));
    await settled();
    expect(requests()).toEqual(['POST "2"']);
    expect(server.masks.get("a")).toMatchObject({ version: 3, deleted_at: null });
  });

  it("deletes what was undone while being created, and sends nothing for a mask that never was", async () => {
    queue.want(IMAGE, "a", makeBody(FULL));
    queue.want(IMAGE, "a", null);
    await settled();
    expect(server.masks.get("a")?.deleted_at).not.toBeNull();
    queue.want(IMAGE, "b", null);
    await settled();
    expect(server.masks.has("b")).toBe(false);
  });

  it("updates a stored mask from the version that was loaded", async () => {
    server.masks.set("a", makeMask("a", IMAGE, makeBody(FULL), 4));
    queue.load(IMAGE, [...server.masks.values()], performance.now());
    queue.want(IMAGE, "a", makeBody(EMPTY));
    await settled();
    expect(requests()).toEqual(['PUT "4"']);
    expect(server.masks.get("a")?.version).toBe(5);
  });

  it("does not send what is stored already", async () => {
    const stored = makeMask("a", IMAGE, makeBody(FULL), 4);
    queue.load(IMAGE, [stored], performance.now());
    queue.want(IMAGE, "a", makeBody(FULL));
    await settled();
    expect(requests()).toEqual([]);
  });
});

describe("when the server cannot be reached", () => {
  it("tells how many are unsaved, repeats, and stores each once", async () => {
    server.behaviours.push(503, 503, 503);
    queue.want(IMAGE, "a", makeBody(FULL));
    queue.want(IMAGE, "b", makeBody(FULL));
    await settled();
    expect(states).toContainEqual({ phase: "offline", unsaved: 2, undecided: [] });
    expect([...server.masks.values()].map(({ version }) => version)).toEqual([1, 1]);
  });

  it("repeats a save whose answer was lost, without a second version", async () => {
    server.behaviours.push("lose-answer");
    queue.want(IMAGE, "a", makeBody(FULL));
    await settled();
    expect(requests()).toEqual(["PUT *", "PUT *"]);
    expect(server.masks.get("a")?.version).toBe(1);
  });

  it("deletes a mask that was undone while its save had no answer", async () => {
    server.behaviours.push("lose-answer");
    queue.want(IMAGE, "a", makeBody(FULL));
    queue.want(IMAGE, "a", null);
    await settled();
    expect(server.masks.get("a")?.deleted_at).not.toBeNull();
  });

  it("waits for a new sign-in when the session has ended", async () => {
    server.behaviours.push(401);
    queue.want(IMAGE, "a", makeBody(FULL));
    await settled();
    expect(states).toContainEqual({ phase: "signed-out", unsaved: 1, undecided: [] });
    expect(server.masks.get("a")?.version).toBe(1);
  });

  it("keeps unsaved masks in sight when the image is opened again", () => {
    server.behaviours.push(503);
    queue.want(IMAGE, "new", makeBody(FULL));
    const { masks, added } = queue.load(IMAGE, [makeMask("old", IMAGE, makeBody(FULL))], performance.now());
    expect(masks.map(({ id }) => id)).toEqual(["old"]);
    expect(added.map(({ id }) => id)).toEqual(["new"]);
    expect(queue.load("image-2", [], performance.now()).added).toEqual([]);
  });

  it("trusts what was saved after the server was asked over what it answered", async () => {
    const askedAt = performance.now();
    queue.want(IMAGE, "new", makeBody(FULL));
    await settled();
    expect(queue.load(IMAGE, [], askedAt).added.map(({ id }) => id)).toEqual(["new"]);
    expect(queue.load(IMAGE, [], performance.now()).added).toEqual([]);
  });
});

describe("when the page dies", () => {
  it("sends what it left once the next page is open, and only once", async () => {
    const { queue: dying, journal } = await openPageOffline("dying");
    dying.want(IMAGE, "new", makeBody(FULL));
    await journal.written();
    browser.kill("dying");

    const { queue: next } = await openPage("next");
    expect(next.load(IMAGE, [], performance.now()).added.map(({ id }) => id)).toEqual(["new"]);
    await settled(next);
    expect(server.masks.get("new")?.version).toBe(1);
    browser.kill("next");
    await settled((await openPage("last")).queue);
    expect(server.masks.get("new")?.version).toBe(1);
  });

  it("goes on from the version that the dead page had seen", async () => {
    server.masks.set("a", makeMask("a", IMAGE, makeBody(FULL), 4));
    const { queue: dying, journal } = await openPageOffline("dying");
    dying.load(IMAGE, [...server.masks.values()], performance.now());
    dying.want(IMAGE, "a", null);
    await journal.written();
    browser.kill("dying");
    await settled((await openPage("next")).queue);
    expect(requests()).toEqual(['DELETE "4"']);
  });

  it("leaves alone what a page that still lives is about to send", async () => {
    const { queue: busy, journal } = await openPageOffline("busy");
    busy.want(IMAGE, "new", makeBody(FULL));
    await journal.written();
    await settled((await openPage("next")).queue);
    expect(requests()).toEqual([]);
  });

  it("never sends it in somebody else's name, and keeps it until its author is back", async () => {
    const { queue: dying, journal } = await openPageOffline("dying");
    dying.want(IMAGE, "new", makeBody(FULL));
    await journal.written();
    browser.kill("dying");
    const { queue: next } = await openPage("next", "somebody else");
    await settled(next);
    expect(requests()).toEqual([]);
    await next.resume("me");
    await settled(next);
    expect(requests()).toEqual(["PUT *"]);
  });

  it("asks again about a mask that was not decided on", async () => {
    const { queue: dying, journal } = await openPage("dying");
    server.masks.set("a", makeMask("a", IMAGE, makeBody(FULL), 1));
    dying.load(IMAGE, [...server.masks.values()], performance.now());
    server.replace("a", { label: "theirs" });
    dying.want(IMAGE, "a", makeBody(EMPTY, "ours"));
    await vi.waitFor(() => expect(dying.getState().phase).toBe("undecided"), 5_000);
    await journal.written();
    browser.kill("dying");
    queue = (await openPage("next")).queue;
    expect(await undecided()).toMatchObject([{ maskId: "a", wanted: { label: "ours" } }]);
  });
});

describe("when somebody else changed the mask", () => {
  beforeEach(() => {
    server.masks.set("a", makeMask("a", IMAGE, makeBody(FULL), 1));
    queue.load(IMAGE, [...server.masks.values()], performance.now());
    server.replace("a", { label: "theirs" });
  });

  it("holds both versions until the person decides", async () => {
    queue.want(IMAGE, "a", makeBody(EMPTY, "ours"));
    expect(await undecided()).toMatchObject([
      { maskId: "a", wanted: { label: "ours" }, halt: { kind: "conflict", stored: { label: "theirs" } } },
    ]);
    expect(queue.load(IMAGE, [...server.masks.values()], performance.now()).masks[0]?.label).toBe("ours");
    expect(server.masks.get("a")?.label).toBe("theirs");
  });

  it("stores ours over theirs when the person says so", async () => {
    queue.want(IMAGE, "a", makeBody(EMPTY, "ours"));
    await undecided();
    queue.keepOwn("a");
    await settled();
    expect(server.masks.get("a")).toMatchObject({ label: "ours", version: 3 });
  });

  it("leaves theirs when the person says so", async () => {
    queue.want(IMAGE, "a", null);
    await undecided();
    expect(queue.takeTheirs("a")).toMatchObject({ label: "theirs" });
    await settled();
    expect(server.masks.get("a")).toMatchObject({ label: "theirs", deleted_at: null, version: 2 });
  });

  it("brings back what they deleted when the person keeps their own", async () => {
    server.replace("a", { deleted_at: "2026-01-01T00:00:00Z" });
    queue.want(IMAGE, "a", makeBody(EMPTY, "ours"));
    await undecided();
    queue.keepOwn("a");
    await settled();
    expect(server.masks.get("a")).toMatchObject({ label: "ours", deleted_at: null });
  });

  it("is silent when both deleted it", async () => {
    server.replace("a", { deleted_at: "2026-01-01T00:00:00Z" });
    queue.want(IMAGE, "a", null);
    await settled();
  });
});

describe("when the server refuses for good", () => {
  beforeEach(async () => {
    server.behaviours.push(422);
    queue.want(IMAGE, "a", makeBody(FULL));
    await undecided();
  });

  it("says why, does not repeat, and keeps the mask", async () => {
    expect(queue.getState().undecided).toMatchObject([
      { maskId: "a", halt: { kind: "refused", reason: "The test server was told to refuse." } },
    ]);
    expect(requests()).toEqual(["PUT *"]);
    expect(queue.load(IMAGE, [], performance.now()).added.map(({ id }) => id)).toEqual(["a"]);
  });

  it("sends it again, or lets it go, as the person decides", async () => {
    queue.keepOwn("a");
    await settled();
    expect(server.masks.has("a")).toBe(true);
    server.behaviours.push(422);
    queue.want(IMAGE, "b", makeBody(FULL));
    await undecided();
    expect(queue.takeTheirs("b")).toBeNull();
    await settled();
    expect(server.masks.has("b")).toBe(false);
  });
});
