import { beforeEach, describe, expect, it } from "vitest";
import { type Api, ApiError } from "../api/client";
import { Closings } from "./closings";

let stored: Map<string, string>;
let sent: string[];
let answer: (path: string) => Response;

beforeEach(() => {
  stored = new Map();
  sent = [];
  answer = () => new Response(null, { status: 200 });
});

const storage = {
  getItem: (key: string) => stored.get(key) ?? null,
  setItem: (key: string, value: string) => void stored.set(key, value),
};
const post = async (
  path: string,
  { params, body }: { params: { path: { image_id: string } }; body?: unknown },
) => {
  const response = answer(path);
  sent.push(`${path.split("/").at(-1)} ${params.path.image_id}${body ? ` ${JSON.stringify(body)}` : ""}`);
  const problem = { detail: "Anna is working on this image." };
  return response.ok ? { data: {}, response } : { error: problem, response };
};
const api = { POST: post } as unknown as Api;
const closings = () => new Closings(api, storage);
const offline = () => {
  throw new TypeError("fetch failed");
};

describe("closing an image", () => {
  it("is over once the server has it", async () => {
    await closings().close("me", "image", { kind: "finished" });
    await closings().close("me", "other", { kind: "skipped", reason: "blurred" });
    expect(sent).toEqual(["finish image", 'skip other {"reason":"blurred"}']);
    expect(closings().of("image")).toBeNull();
  });

  it("is kept over a reload while the server cannot be reached, and sent once it can", async () => {
    answer = offline;
    await expect(closings().close("me", "image", { kind: "finished" })).rejects.toThrow();
    expect(closings().of("image")).toMatchObject({ kind: "finished" });
    await closings().sendLeft("me");
    answer = () => new Response(null, { status: 200 });
    await closings().sendLeft("somebody else");
    expect(sent).toEqual([]);
    await closings().sendLeft("me");
    await closings().sendLeft("me");
    expect(sent).toEqual(["finish image"]);
  });

  it("is given up where the server refuses for good, and kept where signing in helps", async () => {
    answer = () => new Response(null, { status: 409 });
    await expect(closings().close("me", "image", { kind: "finished" })).rejects.toThrow(ApiError);
    expect(closings().of("image")).toBeNull();
    answer = () => new Response(null, { status: 401 });
    await expect(closings().close("me", "image", { kind: "finished" })).rejects.toThrow(ApiError);
    expect(closings().of("image")).not.toBeNull();
  });
});
