/** Images that were left unfinished, noted in this browser until the server has them back. */

type LeavingStorage = Pick<Storage, "getItem" | "setItem">;

/** Tells the server; false where it could not be told now. */
export type GiveBack = (imageId: string) => Promise<boolean>;

const STORED_AS = "maskloop.leavings";

/**
 * A page that goes away asks for its image to be given back and cannot wait for the answer, which a busy browser may
 * drop with the page. So the next page asks again; asking twice is harmless.
 */
export class Leavings {
  readonly #storage: LeavingStorage;
  readonly #giveBack: GiveBack;

  constructor(storage: LeavingStorage, giveBack: GiveBack) {
    this.#storage = storage;
    this.#giveBack = giveBack;
  }

  /** The image is not open any more. The server is told after so many milliseconds, unless it is open again by then. */
  async leave(imageId: string, afterMs = 0): Promise<void> {
    this.#write([...this.#read().filter((id) => id !== imageId), imageId]);
    if (afterMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      if (!this.#read().includes(imageId)) return;
    }
    await this.#send(imageId);
  }

  /** The image is open again. */
  comeBack(imageId: string): void {
    this.#write(this.#read().filter((id) => id !== imageId));
  }

  /** Gives back what earlier pages have left, but for what other pages show. */
  async sendLeft(elsewhere: readonly string[]): Promise<void> {
    for (const imageId of this.#read()) {
      if (elsewhere.includes(imageId)) this.comeBack(imageId);
      else await this.#send(imageId);
    }
  }

  async #send(imageId: string): Promise<void> {
    if (await this.#giveBack(imageId)) this.comeBack(imageId);
  }

  #read(): string[] {
    try {
      const stored: unknown = JSON.parse(this.#storage.getItem(STORED_AS) ?? "[]");
      return Array.isArray(stored) ? stored.filter((id) => typeof id === "string") : [];
    } catch (error) {
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  }

  #write(imageIds: readonly string[]): void {
    this.#storage.setItem(STORED_AS, JSON.stringify(imageIds));
  }
}
