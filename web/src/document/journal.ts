/** The browser's own record, in IndexedDB, of what the server does not hold yet: it survives the page. */

import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { Observable } from "../observable";
import type { DraftRecord } from "./draft";
import type { SaveRecord } from "./save_entry";
import { browserTabs, type Tabs } from "./tabs";

/** Whose record it is, and which page wrote it. */
interface Owned {
  readonly userId: string;
  readonly tabId: string;
  /** `Date.now` when it was written. */
  readonly writtenAt: number;
}

interface Tables extends DBSchema {
  /** One per mask and page; the key is [page, mask]. */
  saves: { key: [string, string]; value: SaveRecord & Owned; indexes: { userId: string } };
  /** The object being made, one per image and page; the key is [page, image]. */
  drafts: { key: [string, string]; value: DraftRecord & Owned; indexes: { userId: string } };
}

/** Null: the record goes away. */
type Write = { readonly key: [string, string] } & (
  | { readonly table: "saves"; readonly record: (SaveRecord & Owned) | null }
  | { readonly table: "drafts"; readonly record: (DraftRecord & Owned) | null }
);

/** `failed`: this browser keeps nothing, so the page must stay open until everything is sent. */
export type JournalState = "kept" | "writing" | "failed";

const VERSION = 1;

/** A page that has just been closed or reloaded may live on for a moment; what it left is waited for so long. */
const PATIENCE_MS = 2_000;

export class Journal extends Observable<JournalState> {
  readonly #name: string;
  readonly #tabs: Tabs;
  #database: Promise<IDBPDatabase<Tables>> | null = null;
  /** Not written yet, by table and key; a newer write of the same record replaces an older one. */
  #waiting = new Map<string, Write>();
  #writing: Promise<void> | null = null;

  constructor({ name = "maskloop", tabs = browserTabs() }: { name?: string; tabs?: Tabs } = {}) {
    super("kept");
    this.#name = name;
    this.#tabs = tabs;
  }

  keepSave(userId: string, record: SaveRecord): void {
    const key: [string, string] = [this.#tabs.id, record.maskId];
    this.#write({ table: "saves", key, record: { ...record, ...this.#owned(userId) } });
  }

  forgetSave(maskId: string): void {
    this.#write({ table: "saves", key: [this.#tabs.id, maskId], record: null });
  }

  keepDraft(userId: string, record: DraftRecord): void {
    const key: [string, string] = [this.#tabs.id, record.imageId];
    this.#write({ table: "drafts", key, record: { ...record, ...this.#owned(userId) } });
  }

  forgetDraft(imageId: string): void {
    this.#write({ table: "drafts", key: [this.#tabs.id, imageId], record: null });
  }

  /**
   * Takes over the unsaved masks that pages now dead have left; of the same mask, the latest. A page that still lives
   * and has some of the image `opening` is given a moment to go.
   */
  async adoptSaves(
    userId: string,
    opening: string | null,
    wanted: (maskId: string) => boolean,
  ): Promise<SaveRecord[]> {
    const left = await this.#leftBehind(opening, (database) =>
      database.getAllFromIndex("saves", "userId", userId),
    );
    const adopted = new Map<string, SaveRecord>();
    for (const { tabId, ...record } of left) {
      if (tabId === this.#tabs.id || !wanted(record.maskId)) continue;
      if (!adopted.has(record.maskId)) {
        adopted.set(record.maskId, record);
        this.keepSave(userId, record);
      }
      this.#write({ table: "saves", key: [tabId, record.maskId], record: null });
    }
    await this.written();
    return [...adopted.values()];
  }

  /** The object that was being made on the image when it was left, or when its page died. */
  async adoptDraft(userId: string, imageId: string): Promise<DraftRecord | null> {
    const all = await this.#leftBehind(imageId, (database) =>
      database.getAllFromIndex("drafts", "userId", userId),
    );
    const left = all.filter((record) => record.imageId === imageId);
    const [latest] = left;
    for (const { tabId } of left) {
      this.#write({ table: "drafts", key: [tabId, imageId], record: null });
    }
    if (latest) this.keepDraft(userId, latest);
    await this.written();
    return latest ?? null;
  }

  /** Resolves when everything so far is written, or writing has failed. */
  async written(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  #owned(userId: string): Owned {
    return { userId, tabId: this.#tabs.id, writtenAt: Date.now() };
  }

  /** Records of this page and of pages that are no longer alive, latest first. */
  async #leftBehind<Kept extends Owned & { readonly imageId: string }>(
    opening: string | null,
    read: (database: IDBPDatabase<Tables>) => Promise<Kept[]>,
  ): Promise<Kept[]> {
    try {
      await this.written();
      const database = await this.#open();
      const others = (await read(database)).filter(({ tabId }) => tabId !== this.#tabs.id);
      const awaited = others.filter(({ imageId }) => imageId === opening).map(({ tabId }) => tabId);
      if (awaited.length > 0) await this.#tabs.outlive(awaited, PATIENCE_MS);
      const living = await this.#tabs.living();
      const records = await read(database);
      return records
        .filter(({ tabId }) => tabId === this.#tabs.id || !living.has(tabId))
        .sort((a, b) => b.writtenAt - a.writtenAt);
    } catch {
      this.#database = null;
      this.set("failed");
      return [];
    }
  }

  /** What is asked for in one turn of the page is written in one transaction: all of it is kept, or nothing. */
  #write(write: Write): void {
    this.#waiting.set(`${write.table} ${write.key.join(" ")}`, write);
    if (this.getState() !== "failed") this.set("writing");
    this.#writing ??= Promise.resolve().then(() => this.#flush());
  }

  async #flush(): Promise<void> {
    while (this.#waiting.size > 0) {
      const writes = this.#waiting;
      this.#waiting = new Map();
      try {
        await this.#transact([...writes.values()]);
      } catch {
        // Full, forbidden or gone: said by the state, and tried again with the next change.
        this.#database = null;
        this.#waiting = new Map([...writes, ...this.#waiting]);
        this.#writing = null;
        this.set("failed");
        return;
      }
    }
    this.#writing = null;
    this.set("kept");
  }

  async #transact(writes: readonly Write[]): Promise<void> {
    const database = await this.#open();
    const transaction = database.transaction(["saves", "drafts"], "readwrite");
    const requests = writes.map(({ table, key, record }): Promise<unknown> => {
      if (record === null) return transaction.objectStore(table).delete(key);
      return table === "saves"
        ? transaction.objectStore("saves").put(record)
        : transaction.objectStore("drafts").put(record);
    });
    await Promise.all([...requests, transaction.done]);
  }

  #open(): Promise<IDBPDatabase<Tables>> {
    this.#database ??= openDB<Tables>(this.#name, VERSION, {
      upgrade: (database) => {
        const saves = database.createObjectStore("saves", { keyPath: ["tabId", "maskId"] });
        saves.createIndex("userId", "userId");
        const drafts = database.createObjectStore("drafts", { keyPath: ["tabId", "imageId"] });
        drafts.createIndex("userId", "userId");
      },
      // A newer page wants to change the tables: it waits for nobody.
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
      terminated: () => {
        this.#database = null;
      },
    });
    return this.#database;
  }
}
