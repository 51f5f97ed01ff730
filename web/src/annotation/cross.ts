/** The pointer of people without a mouse: arrows move a cross over the image, a key presses what is under it. */

import { type ImagePoint, imagePoint, isInside, pixelAt, screenPoint } from "../geometry/points";
import { panBy, toScreen, type View, zoomAt } from "../geometry/view";
import type { PointerInput, Tool } from "../tools/tool";
import type { Annotation } from "./annotation";

/** CSS pixels per press of an arrow; a key held down repeats some thirty times a second. */
const STEP = 12;
/** CSS pixels between the cross and the canvas's edge before the view moves along. */
const MARGIN = 48;

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export class Cross {
  readonly #annotation: Annotation;
  /** The tool that is pressed and not released yet: a box, or a stroke. */
  #held: Tool | null = null;

  constructor(annotation: Annotation) {
    this.#annotation = annotation;
  }

  /** Moves by an arrow key; `fine`: pixel by pixel. The first arrow only shows the cross. False for another key. */
  arrow(key: string, fine: boolean): boolean {
    const direction = ARROWS[key];
    const view = this.#annotation.view.getState();
    if (!direction || !view) return false;
    const { cross } = this.#annotation.shown.getState();
    const step = fine ? 1 : STEP / view.zoom;
    const [right, down] = direction;
    this.#moveTo(cross ? imagePoint(cross.x + right * step, cross.y + down * step) : this.#start(view));
    return true;
  }

  /**
   * Presses the tool in the hand there; `opposite`: as the right button. A box and a stroke begin with one press and
   * end with the next.
   */
  press(opposite: boolean): boolean {
    const { shown, tools } = this.#annotation;
    const { cross, tool: name } = shown.getState();
    if (!cross) return false;
    const held = this.#held;
    if (held) {
      this.#held = null;
      this.#pass(held, cross, "up", opposite);
      return true;
    }
    const tool = tools[name];
    const drags = name === "brush" || name === "eraser" || (name === "box" && !opposite);
    if (drags) this.#held = tool;
    this.#pass(tool, cross, "down", opposite);
    if (!drags) this.#pass(tool, cross, "up", opposite);
    return true;
  }

  /** Ends a press without its effect. False when nothing was pressed. */
  cancel(): boolean {
    const held = this.#held;
    const { cross } = this.#annotation.shown.getState();
    this.#held = null;
    if (held && cross) this.#pass(held, cross, "cancel", false);
    return held !== null;
  }

  /** The mouse is back in the hand. */
  putAway(): void {
    if (!this.#annotation.shown.getState().cross) return;
    this.cancel();
    this.#annotation.shown.update({ cross: null });
  }

  /** Zooms about the cross, else the middle of the canvas. */
  zoom(factor: number): void {
    const { width, height } = this.#annotation.canvasSize;
    const { cross } = this.#annotation.shown.getState();
    const middle = screenPoint(width / 2, height / 2);
    this.#annotation.changeView((view) => zoomAt(view, cross ? toScreen(view, cross) : middle, factor));
  }

  #start(view: View): ImagePoint {
    const pixel = this.#annotation.pointer.getState();
    if (pixel) return imagePoint(pixel.x + 0.5, pixel.y + 0.5);
    const { width, height } = this.#annotation.canvasSize;
    return imagePoint((width / 2 - view.originX) / view.zoom, (height / 2 - view.originY) / view.zoom);
  }

  #moveTo({ x, y }: ImagePoint): void {
    const { image, shown, tools } = this.#annotation;
    // Through the middle of a pixel.
    const inside = (value: number, extent: number): number =>
      Math.min(Math.max(Math.floor(value), 0), extent - 1) + 0.5;
    const cross = imagePoint(inside(x, image.width), inside(y, image.height));
    shown.update({ cross });
    this.#keepInSight(cross);
    this.#pass(this.#held ?? tools[shown.getState().tool], cross, "move", false);
  }

  #keepInSight(cross: ImagePoint): void {
    const { canvasSize } = this.#annotation;
    const lacking = (at: number, extent: number): number =>
      Math.max(MARGIN - at, 0) + Math.min(extent - MARGIN - at, 0);
    this.#annotation.changeView((view) => {
      const { x, y } = toScreen(view, cross);
      return panBy(view, lacking(x, canvasSize.width), lacking(y, canvasSize.height));
    });
  }

  #pass(tool: Tool, at: ImagePoint, type: PointerInput["type"], opposite: boolean): void {
    const view = this.#annotation.view.getState();
    if (!view) return;
    const pixel = isInside(at, this.#annotation.image) ? pixelAt(at) : null;
    this.#annotation.pointAt(pixel, this.#held !== null);
    const input = { type, screen: toScreen(view, at), image: at, button: opposite ? 2 : 0 };
    tool.handle({ ...input, alt: false, shift: false }, this.#annotation.commands);
  }
}
