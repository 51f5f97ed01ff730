/** A press adds a point, or takes hold of one: a drag moves it, a click selects it, the background's click deletes it. */

import {
  CLICK_SLACK,
  clickedPoint,
  distance,
  isOpposite,
  nearestPixel,
  type PointerInput,
  type Tool,
  type ToolCommands,
} from "./tool";

interface Held {
  readonly index: number;
  readonly from: PointerInput;
  readonly moved: boolean;
}

export class PointTool implements Tool {
  readonly name = "point";
  readonly cursor = "crosshair";
  #held: Held | null = null;

  handle(input: PointerInput, commands: ToolCommands): void {
    switch (input.type) {
      case "down":
        if (input.button === 0 || input.button === 2) this.#press(input, commands);
        return;
      case "move":
        if (this.#held) this.#held = drag(this.#held, input, commands);
        return;
      case "up":
        if (this.#held && !this.#held.moved) commands.selectPoint(this.#held.index);
        this.#held = null;
        return;
      case "cancel":
        this.#held = null;
    }
  }

  /** A new point comes with the press, not the release: that is the hand's own latency saved on every click. */
  #press(input: PointerInput, commands: ToolCommands): void {
    const index = commands.pointNear(input.screen);
    if (index === null) {
      const point = clickedPoint(input, commands.imageSize);
      if (point) commands.addPoint(point);
    } else if (isOpposite(input)) commands.deletePoint(index);
    else this.#held = { index, from: input, moved: false };
  }
}

function drag(held: Held, input: PointerInput, commands: ToolCommands): Held {
  if (!held.moved && distance(held.from.screen, input.screen) < CLICK_SLACK) return held;
  commands.movePoint(held.index, nearestPixel(input.image, commands.imageSize), held.moved);
  return { ...held, moved: true };
}
