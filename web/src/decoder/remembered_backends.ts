/** Which backend a model decodes fastest with here, kept in this browser from visit to visit. */

import type { Backend } from "./local_decoder";

const KEY = "maskloop.decoder";
/** A model more pushes the oldest out; retraining makes new ones without end. */
const MOST = 8;

interface Entry {
  readonly modelId: string;
  readonly userAgent: string;
  readonly backend: Backend;
}

/** What is known for one model; another version of the browser may be faster, and starts anew. */
export class RememberedBackend {
  readonly #modelId: string;
  readonly #userAgent: string;
  readonly #storage: Pick<Storage, "getItem" | "setItem"> | undefined;

  constructor(modelId: string, userAgent: string, storage: Pick<Storage, "getItem" | "setItem"> | undefined) {
    this.#modelId = modelId;
    this.#userAgent = userAgent;
    this.#storage = storage;
  }

  /** Null: not known. */
  get(): Backend | null {
    return this.#entries().find((entry) => this.#isMine(entry))?.backend ?? null;
  }

  /** Null forgets it. */
  set(backend: Backend | null): void {
    const others = this.#entries().filter((entry) => !this.#isMine(entry));
    const mine = backend ? [{ modelId: this.#modelId, userAgent: this.#userAgent, backend }] : [];
    try {
      this.#storage?.setItem(KEY, JSON.stringify([...mine, ...others].slice(0, MOST)));
    } catch {
      // A full or forbidden storage: the next visit finds out for itself.
    }
  }

  #isMine({ modelId, userAgent }: Entry): boolean {
    return modelId === this.#modelId && userAgent === this.#userAgent;
  }

  #entries(): Entry[] {
    try {
      const entries: unknown = JSON.parse(this.#storage?.getItem(KEY) ?? "[]");
      return Array.isArray(entries) ? entries.filter(isEntry) : [];
    } catch {
      return [];
    }
  }
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  const { modelId, userAgent, backend } = value as Partial<Entry>;
  const named = typeof modelId === "string" && typeof userAgent === "string";
  return named && (backend === "wasm" || backend === "webgpu");
}
