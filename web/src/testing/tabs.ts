/** Pages of one browser that a test opens and kills. */

import type { Tabs } from "../document/tabs";

export class Browser {
  readonly #living = new Set<string>();

  open(id: string): Tabs {
    this.#living.add(id);
    return { id, living: async () => new Set(this.#living) };
  }

  kill(id: string): void {
    this.#living.delete(id);
  }
}
