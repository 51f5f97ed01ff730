/** Two fingers on the canvas: what they pinch and push. */

import { type ScreenPoint, screenPoint } from "../geometry/points";
import { distance } from "../tools/tool";

/** From one move to the next: zoom by `factor` about `middle`, then move by (`dx`, `dy`), in CSS pixels. */
export interface Pinch {
  readonly middle: ScreenPoint;
  readonly factor: number;
  readonly dx: number;
  readonly dy: number;
}

export class Fingers {
  readonly #at = new Map<number, ScreenPoint>();
  #pinched = false;

  get count(): number {
    return this.#at.size;
  }

  /** Two fingers are down, or were: until all are lifted, one that stays is no press. */
  get pinched(): boolean {
    return this.#pinched;
  }

  /** True when it is the second: whatever the first had begun is over. */
  down(id: number, at: ScreenPoint): boolean {
    this.#at.set(id, at);
    if (this.#at.size === 2) this.#pinched = true;
    return this.#at.size === 2;
  }

  /** Null with any other number of fingers than two. */
  move(id: number, to: ScreenPoint): Pinch | null {
    const from = this.#at.get(id);
    if (!from) return null;
    this.#at.set(id, to);
    const [other] = [...this.#at].filter(([pointer]) => pointer !== id);
    if (this.#at.size !== 2 || !other) return null;
    const still = other[1];
    const before = Math.max(distance(from, still), 1);
    return {
      middle: screenPoint((from.x + still.x) / 2, (from.y + still.y) / 2),
      factor: Math.max(distance(to, still), 1) / before,
      // The middle moves half as far as the finger.
      dx: (to.x - from.x) / 2,
      dy: (to.y - from.y) / 2,
    };
  }

  up(id: number): void {
    this.#at.delete(id);
    if (this.#at.size === 0) this.#pinched = false;
  }
}
