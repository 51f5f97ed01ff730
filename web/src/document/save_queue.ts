/** Brings the server's masks to what the documents say, in the background, surviving failures and page changes. */

import { type Api, ApiError, Offline, unwrap } from "../api/client";
import type { Mask, MaskBody } from "../api/types";
import { Observable } from "../observable";
import {
  newEntry,
  nextOperation,
  type Operation,
  outcome,
  type SaveEntry,
  sameContent,
  storedEntry,
  takeStored,
} from "./save_entry";

export type SavePhase = "saved" | "saving" | "offline" | "signed-out";

export interface SaveState {
  readonly phase: SavePhase;
  /** Masks whose present content the server does not hold yet. */
  readonly unsaved: number;
}

/** Something the person must know: the server holds another version, or refuses ours for good. */
export type SaveNotice = {
  readonly imageId: string;
  readonly maskId: string;
} & (
  | {
      readonly kind: "conflict";
      readonly stored: Mask;
      /** What the person wanted stored; null: deleted. */
      readonly own: MaskBody | null;
    }
  | {
      readonly kind: "refused";
      readonly reason: string;
      /** False when the server holds no version of the mask at all. */
      readonly kept: boolean;
    }
);

export interface SaveQueueOptions {
  /** Milliseconds before the first repetition after a failure; doubled each time up to `maxDelayMs`. */
  readonly firstDelayMs?: number;
  readonly maxDelayMs?: number;
}

/**
 * One entry per mask; a loop per mask sends requests until the server holds what is wanted. So the order of requests,
 * their repetition and undo need no further care.
 */
export class SaveQueue extends Observable<SaveState> {
  readonly #api: Api;
  readonly #entries = new Map<string, SaveEntry>();
  readonly #noticeListeners = new Set<(notice: SaveNotice) => void>();
  readonly #pauses = new Set<() => void>();
  readonly #firstDelayMs: number;
  readonly #maxDelayMs: number;
  #trouble: "offline" | "signed-out" | null = null;

  constructor(api: Api, { firstDelayMs = 1_000, maxDelayMs = 15_000 }: SaveQueueOptions = {}) {
    super({ phase: "saved", unsaved: 0 });
    this.#api = api;
    this.#firstDelayMs = firstDelayMs;
    this.#maxDelayMs = maxDelayMs;
  }

  onNotice(listener: (notice: SaveNotice) => void): () => void {
    this.#noticeListeners.add(listener);
    return () => this.#noticeListeners.delete(listener);
  }

  /**
   * Takes note of what the server held for an image when it was asked at `askedAt` (`performance.now`), and returns what
   * the person should see: masks changed here since then, saved or not, keep the newer content. `added` are those
   * among them that the server did not know.
   */
  load(
    imageId: string,
    stored: readonly Mask[],
    askedAt: number,
  ): { masks: Mask[]; added: { id: string; body: MaskBody }[] } {
    const knowsBetter = (entry: SaveEntry): boolean =>
      nextOperation(entry) !== null || entry.changedAt >= askedAt;
    const masks: Mask[] = [];
    const seen = new Set<string>();
    for (const mask of stored) {
      seen.add(mask.id);
      const entry = this.#entries.get(mask.id);
      if (!entry || !knowsBetter(entry)) {
        this.#entries.set(mask.id, storedEntry(mask));
        masks.push(mask);
      } else if (entry.wanted) {
        masks.push({ ...mask, ...(entry.wanted as Partial<Mask>) });
      }
    }
    const added: { id: string; body: MaskBody }[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.imageId !== imageId || seen.has(entry.maskId)) continue;
      if (!knowsBetter(entry)) this.#entries.delete(entry.maskId);
      else if (entry.wanted) added.push({ id: entry.maskId, body: entry.wanted });
    }
    return { masks, added };
  }

  /** The mask's new content, or null to delete it. */
  want(imageId: string, maskId: string, body: MaskBody | null): void {
    const entry = this.#entries.get(maskId) ?? newEntry(imageId, maskId);
    entry.wanted = body;
    entry.changedAt = performance.now();
    this.#entries.set(maskId, entry);
    this.#publish();
    void this.#run(entry);
  }

  /** Tries again at once, as when the network is back. */
  retryNow(): void {
    for (const wake of [...this.#pauses]) wake();
  }

  async #run(entry: SaveEntry): Promise<void> {
    if (entry.running) return;
    entry.running = true;
    for (let next = nextOperation(entry); next !== null; next = nextOperation(entry)) {
      try {
        entry.unanswered = next;
        const stored = await this.#send(entry, next);
        entry.known = outcome(next, stored.version);
        entry.unanswered = null;
        entry.changedAt = performance.now();
        entry.failures = 0;
        this.#trouble = null;
      } catch (error) {
        await this.#recover(entry, error);
      }
      this.#publish();
    }
    entry.running = false;
  }

  #send({ imageId, maskId }: SaveEntry, operation: Operation): Promise<Mask> {
    const path = { image_id: imageId, mask_id: maskId };
    if (operation.kind === "create") {
      const params = { path, header: { "If-None-Match": "*" } };
      return unwrap(
        this.#api.PUT("/api/v1/images/{image_id}/masks/{mask_id}", { params, body: operation.body }),
      );
    }
    const params = { path, header: { "If-Match": `"${operation.known.version}"` } };
    switch (operation.kind) {
      case "update":
        return unwrap(
          this.#api.PUT("/api/v1/images/{image_id}/masks/{mask_id}", { params, body: operation.body }),
        );
      case "restore":
        return unwrap(this.#api.POST("/api/v1/images/{image_id}/masks/{mask_id}/restore", { params }));
      case "delete":
        return unwrap(this.#api.DELETE("/api/v1/images/{image_id}/masks/{mask_id}", { params }));
    }
  }

  async #recover(entry: SaveEntry, error: unknown): Promise<void> {
    if (error instanceof Offline || (error instanceof ApiError && mayPass(error.status))) {
      this.#trouble = error instanceof ApiError && error.status === 401 ? "signed-out" : "offline";
      this.#publish();
      await this.#pause(entry);
    } else if (error instanceof ApiError && error.status === 409 && error.problem?.stored) {
      this.#conflict(entry, error.problem.stored);
    } else {
      this.#refuse(entry, error instanceof Error ? error.message : String(error));
    }
  }

  /** The stored version stays; what the person wanted is handed to the document, which keeps it as a copy. */
  #conflict(entry: SaveEntry, stored: Mask): void {
    const own = entry.wanted;
    takeStored(entry, stored);
    const agreed =
      own === null ? entry.wanted === null : entry.wanted !== null && sameContent(own, entry.wanted);
    const { imageId, maskId } = entry;
    if (!agreed) this.#tell({ kind: "conflict", imageId, maskId, stored, own });
  }

  /** Repeating will not help: what the server holds stays, and the person is told why. */
  #refuse(entry: SaveEntry, reason: string): void {
    entry.unanswered = null;
    entry.wanted = entry.known && !entry.known.deleted ? entry.known.body : null;
    const { imageId, maskId } = entry;
    this.#tell({ kind: "refused", imageId, maskId, reason, kept: entry.wanted !== null });
  }

  #pause(entry: SaveEntry): Promise<void> {
    const delay = Math.min(this.#firstDelayMs * 2 ** entry.failures++, this.#maxDelayMs);
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#pauses.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, delay);
      this.#pauses.add(wake);
    });
  }

  #tell(notice: SaveNotice): void {
    for (const listener of this.#noticeListeners) listener(notice);
  }

  #publish(): void {
    let unsaved = 0;
    for (const entry of this.#entries.values()) if (nextOperation(entry) !== null) unsaved++;
    const phase = unsaved === 0 ? "saved" : (this.#trouble ?? "saving");
    const shown = this.getState();
    if (phase !== shown.phase || unsaved !== shown.unsaved) this.set({ phase, unsaved });
  }
}

/** Statuses that another try, or signing in again, can turn into success. */
function mayPass(status: number): boolean {
  return status === 401 || status === 408 || status === 429 || status >= 500;
}
