/** Pages of one browser that a test opens and kills. */

import type { Tabs } from "../document/tabs";

/** Instead of the seconds that a person would wait. */
const PATIENCE_MS = 50;

export class Browser {
  readonly #living = new Set<string>();
  readonly #killed = new EventTarget();

  open(id: string): Tabs {
    this.#living.add(id);
    return {
      id,
      living: async () => new Set(this.#living),
      outlive: (ids) =>
        new Promise((resolve) => {
          const check = (): void => {
            if (!ids.some((other) => this.#living.has(other))) resolve();
          };
          this.#killed.addEventListener("killed", check);
          setTimeout(resolve, PATIENCE_MS);
          check();
        }),
    };
  }

  kill(id: string): void {
    this.#living.delete(id);
    this.#killed.dispatchEvent(new Event("killed"));
  }
}
