/** The images a person has gone through in this tab, so that they can go back to earlier ones. */

type VisitStorage = Pick<Storage, "getItem" | "setItem">;

const MOST = 500;

export class Visited {
  readonly #key: string;
  readonly #storage: VisitStorage;

  constructor(projectId: string, storage: VisitStorage) {
    this.#key = `maskloop.visited.${projectId}`;
    this.#storage = storage;
  }

  /** Opening an image that was opened before keeps its place: going back twice goes back by two. */
  note(imageId: string): void {
    const images = this.#read();
    if (!images.includes(imageId))
      this.#storage.setItem(this.#key, JSON.stringify([...images, imageId].slice(-MOST)));
  }

  /** The image that was opened before this one; null: none. */
  before(imageId: string): string | null {
    const images = this.#read();
    const place = images.indexOf(imageId);
    return images[(place < 0 ? images.length : place) - 1] ?? null;
  }

  #read(): string[] {
    const stored: unknown = JSON.parse(this.#storage.getItem(this.#key) ?? "[]");
    return Array.isArray(stored) ? stored.filter((id) => typeof id === "string") : [];
  }
}
