import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createApi } from "../api/client";
import { MaskServer, makeBody, makeMask } from "../testing/mask_server";
import { type SaveNotice, SaveQueue, type SaveState } from "./save_queue";

const IMAGE = "image-1";
const FULL = "0S1";
const EMPTY = "S1";

let server: MaskServer;
let queue: SaveQueue;
let notices: SaveNotice[];
/** Every state that was shown. */
let states: SaveState[];

beforeEach(async () => {
  server = await MaskServer.start();
  queue = new SaveQueue(createApi(server.origin), { firstDelayMs: 5, maxDelayMs: 20 });
  notices = [];
  states = [];
  queue.subscribe(() => states.push(queue.getState()));
  queue.onNotice((notice) => notices.push(notice));
});

afterEach(() => server.stop());

const settled = () =>
  vi.waitFor(() => expect(queue.getState()).toEqual({ phase: "saved", unsaved: 0 }), 5_000);
const requests = () => server.received.map(({ method, match }) => `${method} ${match}`);

describe("saving", () => {
  it("creates a mask once, and tells while it is unsaved", async () => {
    queue.want(IMAGE, "a", makeBody(FULL));
    expect(queue.getState()).toEqual({ phase: "saving", unsaved: 1 });
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
    expect(states).toContainEqual({ phase: "offline", unsaved: 2 });
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
    expect(states).toContainEqual({ phase: "signed-out", unsaved: 1 });
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

describe("when somebody else changed the mask", () => {
  it("keeps their version and hands back ours", async () => {
    server.masks.set("a", makeMask("a", IMAGE, makeBody(FULL), 1));
    queue.load(IMAGE, [...server.masks.values()], performance.now());
    server.replace("a", { label: "theirs" });
    const own = makeBody(EMPTY, "ours");
    queue.want(IMAGE, "a", own);
    await settled();
    expect(notices).toMatchObject([
      { kind: "conflict", maskId: "a", own, stored: { label: "theirs", version: 2 } },
    ]);
    expect(server.masks.get("a")?.label).toBe("theirs");
  });

  it("brings a mask back that we deleted and they changed", async () => {
    server.masks.set("a", makeMask("a", IMAGE, makeBody(FULL), 1));
    queue.load(IMAGE, [...server.masks.values()], performance.now());
    server.replace("a", { label: "theirs" });
    queue.want(IMAGE, "a", null);
    await settled();
    expect(notices).toMatchObject([{ kind: "conflict", own: null }]);
  });

  it("is silent when both deleted it", async () => {
    server.masks.set("a", makeMask("a", IMAGE, makeBody(FULL), 1));
    queue.load(IMAGE, [...server.masks.values()], performance.now());
    server.replace("a", { label: "theirs" });
    server.replace("a", { deleted_at: "2026-01-01T00:00:00Z" });
    queue.want(IMAGE, "a", null);
    await settled();
    expect(notices).toEqual([]);
  });
});

describe("when the server refuses for good", () => {
  it("tells why, once, and does not repeat", async () => {
    server.behaviours.push(422);
    queue.want(IMAGE, "a", makeBody(FULL));
    await settled();
    expect(notices).toMatchObject([
      { kind: "refused", maskId: "a", kept: false, reason: "The test server was told to refuse." },
    ]);
    expect(requests()).toEqual(["PUT *"]);
  });
});
