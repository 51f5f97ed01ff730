import { expect, it } from "vitest";
import type { Mask } from "../api/types";
import { makeBody, makeMask } from "../testing/mask_server";
import { StoredMasks } from "./stored_masks";

const ADDRESS = "http://maskloop.test/api/v1/images/image/masks";
const mask = (id: string, version = 1, deleted: string | null = null): Mask =>
  makeMask(id, "image", makeBody("0S1"), version, deleted);

function copies(...masks: Mask[]) {
  const held = new Map([[ADDRESS, JSON.stringify(masks)]]);
  const cache = {
    match: async (address: string) => (held.has(address) ? new Response(held.get(address)) : undefined),
    put: async (address: string, response: Response) => void held.set(address, await response.text()),
  };
  const storage = { open: async () => cache } as unknown as CacheStorage;
  const versions = () =>
    (JSON.parse(held.get(ADDRESS) ?? "[]") as Mask[]).map(({ id, version }) => [id, version]);
  return { kept: new StoredMasks(storage, "http://maskloop.test"), held, versions };
}

it("has what was saved since the image was fetched, whatever order the answers come in", async () => {
  const { kept, versions } = copies(mask("a"), mask("b"));
  await Promise.all([kept.keep(mask("c")), kept.keep(mask("a", 2)), kept.keep(mask("b", 2, "2026-01-01"))]);
  expect(versions()).toEqual([
    ["a", 2],
    ["c", 1],
  ]);
  await kept.keep(mask("b", 3));
  expect(versions()).toEqual([
    ["a", 2],
    ["c", 1],
    ["b", 3],
  ]);
});

it("keeps nothing of an image that was not fetched, and needs no storage", async () => {
  const { kept, held } = copies(mask("a"));
  await kept.keep({ ...mask("z"), image_id: "other" });
  expect(held.size).toBe(1);
  await new StoredMasks(undefined, "").keep(mask("a"));
});
