/** The mask under the cursor, before any click. */

import type { Rle } from "../document/rle";
import { contains } from "../document/rle_operations";
import { type ImagePoint, samePixel } from "../geometry/points";
import { Observable } from "../observable";

export interface Preview {
  readonly pixel: ImagePoint;
  readonly mask: Rle;
}

/** Answers with the best mask of a foreground click there; null when there is something more important to do. */
export type AskPreview = (pixel: ImagePoint) => Promise<Rle | null>;

interface HoverPreviewOptions {
  readonly ask: AskPreview;
  readonly now?: () => number;
  readonly wait?: (ms: number) => Promise<void>;
}

const waitFor = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * One question at a time, then a rest as long as the answer took: the decoder is free at least half of the time, and a
 * click seldom has to wait. What is shown always holds the pixel under the cursor.
 */
export class HoverPreview extends Observable<Preview | null> {
  readonly #ask: AskPreview;
  readonly #now: () => number;
  readonly #wait: (ms: number) => Promise<void>;
  #pixel: ImagePoint | null = null;
  #asked: ImagePoint | null = null;
  #busy = false;

  constructor({ ask, now = () => performance.now(), wait = waitFor }: HoverPreviewOptions) {
    super(null);
    this.#ask = ask;
    this.#now = now;
    this.#wait = wait;
  }

  /** The cursor is over this pixel; null: nothing is to be shown. */
  hover(pixel: ImagePoint | null): void {
    this.#pixel = pixel;
    if (!pixel) this.#asked = null;
    const shown = this.getState();
    if (shown && !(pixel && covers(shown, pixel))) this.set(null);
    if (!this.#busy) void this.#next();
  }

  async #next(): Promise<void> {
    this.#busy = true;
    for (let pixel = this.#pixel; pixel && !samePixel(pixel, this.#asked); pixel = this.#pixel) {
      this.#asked = pixel;
      const started = this.#now();
      const mask = await this.#ask(pixel);
      // The cursor may have left, and come back, meanwhile.
      if (!mask) this.#asked = null;
      else if (this.#pixel && this.#asked && covers({ pixel, mask }, this.#pixel)) this.set({ pixel, mask });
      await this.#wait(Math.max(this.#now() - started, 1));
      if (!mask && samePixel(this.#pixel, pixel)) break;
    }
    this.#busy = false;
  }
}

function covers({ pixel, mask }: Preview, at: ImagePoint): boolean {
  return samePixel(pixel, at) || contains(mask, at.x, at.y);
}
