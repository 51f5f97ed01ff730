/** Keeps the offline copy of an image's masks up to date with what was saved since it was fetched. */

import type { Mask } from "../api/types";
import { DATA_CACHE } from "./kept";

type Copies = Pick<CacheStorage, "open">;

/** The list as the server would give it now: without deleted masks, a new one last. */
export function withStored(masks: readonly Mask[], stored: Mask): Mask[] {
  if (stored.deleted_at) return masks.filter(({ id }) => id !== stored.id);
  if (!masks.some(({ id }) => id === stored.id)) return [...masks, stored];
  return masks.map((mask) => (mask.id === stored.id ? stored : mask));
}

export class StoredMasks {
  readonly #copies: Copies | undefined;
  readonly #origin: string;
  /** One change after the other: each reads what the one before has written. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param copies undefined where the browser has none, on a page that is not served securely. */
  constructor(copies: Copies | undefined, origin: string) {
    this.#copies = copies;
    this.#origin = origin;
  }

  /** The server has stored this. Resolves when the copy has it, too; does nothing for an image without a copy. */
  keep(stored: Mask): Promise<void> {
    const kept = this.#last.then(() => this.#keep(stored));
    // A full or forbidden storage: a reload without a network shows less, and nothing is lost.
    this.#last = kept.catch(() => undefined);
    return kept;
  }

  async #keep(stored: Mask): Promise<void> {
    const cache = await this.#copies?.open(DATA_CACHE);
    const address = `${this.#origin}/api/v1/images/${stored.image_id}/masks`;
    const copy = await cache?.match(address);
    if (!cache || !copy) return;
    const masks = withStored((await copy.json()) as Mask[], stored);
    const headers = { "Content-Type": "application/json" };
    await cache.put(address, new Response(JSON.stringify(masks), { headers }));
  }
}
