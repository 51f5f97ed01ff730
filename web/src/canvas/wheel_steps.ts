/** Whole steps from a wheel: a mouse sends some hundred pixels per notch, a touchpad many small amounts. */

const STEP_PIXELS = 48;
const LINE_HEIGHT = 16;

export type WheelTurn = Pick<WheelEvent, "deltaX" | "deltaY" | "deltaMode">;

/** How far the wheel was turned, in pixels. Some systems turn a wheel sideways while Alt or Shift is held. */
export function wheelPixels({ deltaX, deltaY, deltaMode }: WheelTurn): number {
  return (deltaY || deltaX) * (deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_HEIGHT : 1);
}

export class WheelSteps {
  #turned = 0;

  /** 1 for a step down, -1 for one up, 0 while it is less than a step. However large one turn is, it is one step. */
  step(pixels: number): 1 | 0 | -1 {
    // Turning back begins anew.
    if (pixels * this.#turned < 0) this.#turned = 0;
    this.#turned += pixels;
    if (Math.abs(this.#turned) < STEP_PIXELS) return 0;
    const step = this.#turned > 0 ? 1 : -1;
    this.#turned = 0;
    return step;
  }
}
