/** Brings the server's masks to what the documents say, in the background, surviving failures and page changes. */

import { type Api, ApiError, mayPass, Offline, unwrap } from "../api/client";
import type { Mask, MaskBody } from "../api/types";
import { Observable } from "../observable";
import type { Journal } from "./journal";
import {
  entryFrom,
  isUnsaved,
  knownFrom,
  newEntry,
  nextOperation,
  type Operation,
  outcome,
  recordOf,
  type SaveEntry,
  type SaveRecord,
  sameContent,
  storedEntry,
  takeStored,
} from "./save_entry";

/** `undecided`: everything that can be sent is stored, and the rest waits for the person's decision. */
export type SavePhase = "saved" | "saving" | "offline" | "signed-out" | "undecided";

export interface SaveState {
  readonly phase: SavePhase;
  /** Masks whose present content the server does not hold yet. */
  readonly unsaved: number;
  /** Those among them that only the person can decide on: see `SaveRecord.halt`. */
  readonly undecided: readonly SaveRecord[];
}

export interface SaveQueueOptions {
  /** Milliseconds before the first repetition after a failure; doubled each time up to `maxDelayMs`. */
  readonly firstDelayMs?: number;
  readonly maxDelayMs?: number;
  /** The server has stored this. */
  readonly onStored?: (mask: Mask) => void;
}

/**
 * One entry per mask; a loop per mask sends requests until the server holds what is wanted. So the order of requests,
 * their repetition and undo need no further care.
 */
export class SaveQueue extends Observable<SaveState> {
  readonly #api: Api;
  readonly #journal: Journal;
  readonly #entries = new Map<string, SaveEntry>();
  readonly #pauses = new Set<() => void>();
  readonly #firstDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #onStored: (mask: Mask) => void;
  #trouble: "offline" | "signed-out" | null = null;
  #userId: string | null = null;
  #resuming: Promise<void> = Promise.resolve();

  constructor(
    api: Api,
    journal: Journal,
    { firstDelayMs = 1_000, maxDelayMs = 15_000, onStored = () => undefined }: SaveQueueOptions = {},
  ) {
    super({ phase: "saved", unsaved: 0, undecided: [] });
    this.#api = api;
    this.#journal = journal;
    this.#firstDelayMs = firstDelayMs;
    this.#maxDelayMs = maxDelayMs;
    this.#onStored = onStored;
  }

  /**
   * Saves in the name of `userId` from now on, first what the journal holds of theirs. What somebody else left unsaved
   * stays in the journal until they are back. `opening` is the image that is being opened, if one is.
   */
  resume(userId: string, opening: string | null = null): Promise<void> {
    this.#resuming = this.#resuming.then(() => this.#adopt(userId, opening));
    return this.#resuming;
  }

  async #adopt(userId: string, opening: string | null): Promise<void> {
    if (this.#userId !== userId) this.#entries.clear();
    this.#userId = userId;
    const records = await this.#journal.adoptSaves(userId, opening, (maskId) => {
      const entry = this.#entries.get(maskId);
      return !entry || !isUnsaved(entry);
    });
    for (const record of records) {
      const entry = entryFrom(record);
      entry.changedAt = performance.now();
      this.#entries.set(entry.maskId, entry);
      void this.#run(entry);
    }
    this.#publish();
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
    const knowsBetter = (entry: SaveEntry): boolean => isUnsaved(entry) || entry.changedAt >= askedAt;
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

  /** Takes note of a stored mask, deleted or not, unless something newer was wanted here. */
  know(stored: Mask): void {
    const entry = this.#entries.get(stored.id);
    if (!entry || !isUnsaved(entry)) this.#entries.set(stored.id, storedEntry(stored));
  }

  /** The mask's new content, or null to delete it. */
  want(imageId: string, maskId: string, body: MaskBody | null): void {
    const entry = this.#entries.get(maskId) ?? newEntry(imageId, maskId);
    entry.wanted = body;
    entry.changedAt = performance.now();
    // What was refused may not be now; a conflict stays one until it is decided.
    if (entry.halt?.kind === "refused") entry.halt = null;
    this.#entries.set(maskId, entry);
    this.#changed(entry);
    void this.#run(entry);
  }

  /** Decides an undecided mask for what the server holds, and returns that; null: nothing. */
  takeTheirs(maskId: string): MaskBody | null {
    const entry = this.#entries.get(maskId);
    if (!entry?.halt) return null;
    if (entry.halt.kind === "conflict") takeStored(entry, entry.halt.stored);
    entry.wanted = entry.known && !entry.known.deleted ? entry.known.body : null;
    entry.halt = null;
    entry.changedAt = performance.now();
    this.#changed(entry);
    return entry.wanted;
  }

  /** Decides an undecided mask for the person's version, which replaces what the server holds. */
  keepOwn(maskId: string): void {
    const entry = this.#entries.get(maskId);
    if (!entry?.halt) return;
    if (entry.halt.kind === "conflict") entry.known = knownFrom(entry.halt.stored);
    entry.halt = null;
    this.#changed(entry);
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
      if (!this.#isCurrent(entry)) return;
      try {
        entry.unanswered = next;
        const stored = await this.#send(entry, next);
        this.#onStored(stored);
        entry.known = outcome(next, stored.version);
        entry.unanswered = null;
        entry.changedAt = performance.now();
        entry.failures = 0;
        this.#trouble = null;
      } catch (error) {
        await this.#recover(entry, error);
      }
      this.#changed(entry);
    }
    entry.running = false;
  }

  /** False once somebody else has signed in: then it is only the journal's. */
  #isCurrent(entry: SaveEntry): boolean {
    return this.#entries.get(entry.maskId) === entry;
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
      this.#changed(entry);
      await this.#pause(entry);
    } else if (error instanceof ApiError && error.status === 409 && error.problem?.stored) {
      this.#conflict(entry, error.problem.stored);
    } else {
      this.#refuse(entry, error instanceof Error ? error.message : String(error));
    }
  }

  /** Both have the same: no conflict. Otherwise the person decides, and our version stays the document's until then. */
  #conflict(entry: SaveEntry, stored: Mask): void {
    entry.unanswered = null;
    const theirs = knownFrom(stored);
    if (sameContent(entry.wanted, theirs.deleted ? null : theirs.body)) takeStored(entry, stored);
    else entry.halt = { kind: "conflict", stored };
  }

  /** Repeating will not help: the person is told why, and keeps the mask. */
  #refuse(entry: SaveEntry, reason: string): void {
    entry.unanswered = null;
    entry.halt = { kind: "refused", reason };
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

  /** The journal holds exactly the entries that are unsaved. */
  #changed(entry: SaveEntry): void {
    if (this.#userId !== null && this.#isCurrent(entry)) {
      if (isUnsaved(entry)) this.#journal.keepSave(this.#userId, recordOf(entry));
      else this.#journal.forgetSave(entry.maskId);
    }
    this.#publish();
  }

  #publish(): void {
    const unsaved = [...this.#entries.values()].filter(isUnsaved);
    const halted = unsaved.filter(({ halt }) => halt !== null);
    const phase = unsaved.length === 0 ? "saved" : this.#unsavedPhase(unsaved.length > halted.length);
    const shown = this.getState();
    const undecided = halted.map(recordOf);
    const sameHalts =
      undecided.length === shown.undecided.length &&
      undecided.every(({ halt, wanted }, i) => {
        const before = shown.undecided[i];
        return before?.halt === halt && before?.wanted === wanted;
      });
    if (phase === shown.phase && unsaved.length === shown.unsaved && sameHalts) return;
    this.set({ phase, unsaved: unsaved.length, undecided: sameHalts ? shown.undecided : undecided });
  }

  #unsavedPhase(sending: boolean): SavePhase {
    return sending ? (this.#trouble ?? "saving") : "undecided";
  }
}
