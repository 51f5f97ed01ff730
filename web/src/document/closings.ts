/** How the person closed images, kept in this browser until the server has it: offline or a reload lose nothing. */

import { type Api, ApiError, Offline, unwrap } from "../api/client";

export type Closing = { readonly kind: "finished" } | { readonly kind: "skipped"; readonly reason: string };

type Waiting = Readonly<Record<string, Closing & { readonly userId: string }>>;
type ClosingStorage = Pick<Storage, "getItem" | "setItem">;

const STORED_AS = "maskloop.closings";

export class Closings {
  readonly #api: Api;
  readonly #storage: ClosingStorage;

  constructor(api: Api, storage: ClosingStorage) {
    this.#api = api;
    this.#storage = storage;
  }

  /** What waits to be sent for an image. */
  of(imageId: string): Closing | null {
    return this.#read()[imageId] ?? null;
  }

  /** Closes an image. Throws `Offline` while the server cannot be reached, and `ApiError` where it refuses. */
  async close(userId: string, imageId: string, closing: Closing): Promise<void> {
    this.#write({ ...this.#read(), [imageId]: { ...closing, userId } });
    await this.#send(imageId, closing);
  }

  /** Sends what is left of this person's, as when they come back. */
  async sendLeft(userId: string): Promise<void> {
    for (const [imageId, closing] of Object.entries(this.#read())) {
      if (closing.userId !== userId) continue;
      try {
        await this.#send(imageId, closing);
      } catch (error) {
        if (error instanceof Offline || isPassing(error)) return;
        if (!(error instanceof ApiError)) throw error;
      }
    }
  }

  async #send(imageId: string, closing: Closing): Promise<void> {
    const params = { path: { image_id: imageId } };
    try {
      if (closing.kind === "finished") {
        await unwrap(this.#api.POST("/api/v1/images/{image_id}/finish", { params }));
      } else {
        const body = { reason: closing.reason };
        await unwrap(this.#api.POST("/api/v1/images/{image_id}/skip", { params, body }));
      }
    } catch (error) {
      // Refused for good, as when somebody else works on the image by now: keeping it would change nothing.
      if (error instanceof ApiError && !isPassing(error)) this.#forget(imageId);
      throw error;
    }
    this.#forget(imageId);
  }

  #forget(imageId: string): void {
    const { [imageId]: _, ...rest } = this.#read();
    this.#write(rest);
  }

  #read(): Waiting {
    try {
      const stored: unknown = JSON.parse(this.#storage.getItem(STORED_AS) ?? "{}");
      return typeof stored === "object" && stored !== null ? (stored as Waiting) : {};
    } catch (error) {
      if (error instanceof SyntaxError) return {};
      throw error;
    }
  }

  #write(waiting: Waiting): void {
    this.#storage.setItem(STORED_AS, JSON.stringify(waiting));
  }
}

/** Another try, or signing in again, may succeed. */
function isPassing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 401 || error.status === 429 || error.status >= 500);
}
