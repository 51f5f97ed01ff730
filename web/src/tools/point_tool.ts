/** A press adds a point, or takes hold of one: a drag moves it, a click selects it, the background's click deletes it. */

import { FOREGROUND } from "../decoder/prompts";
import {
  CLICK_SLACK,
  clickedPoint,
  distance,
  isOpposite,
  type NearPoint,
  nearestPixel,
  type PointerInput,
  type Tool,
  type ToolCommands,
} from "./tool";

/** How far from the middle of a point, in CSS pixels, a press is meant for it; `touch`: a finger covers what it points at. */
interface Reach {
  readonly mouse: number;
  readonly touch: number;
}

/** The point's coloured disc: a click on it means the point itself. Beside it people add points, close as they may be. */
const DISC: Reach = { mouse: 4, touch: 12 };
/** A drag may begin beside the disc, for what else should a drag mean? */
const GRIP: Reach = { mouse: 8, touch: 18 };

interface Held {
  readonly index: number;
  readonly from: PointerInput;
  readonly moved: boolean;
}

export class PointTool implements Tool {
  readonly name = "point";
  #held: Held | null = null;
  #overPoint = false;

  get cursor(): string {
    if (this.#held?.moved) return "grabbing";
    return this.#overPoint ? "pointer" : "crosshair";
  }

  handle(input: PointerInput, commands: ToolCommands): void {
    switch (input.type) {
      case "down":
        if (input.button === 0 || input.button === 2) this.#press(input, commands);
        return;
      case "move":
        if (this.#held) this.#held = drag(this.#held, input, commands);
        else this.#overPoint = near(input, DISC, commands) !== null;
        return;
      case "up":
        if (this.#held && !this.#held.moved) click(this.#held.from, commands);
        this.#held = null;
        return;
      case "cancel":
        this.#held = null;
    }
  }

  /** A new point comes with the press, not the release: that is the hand's own latency saved on nearly every click. */
  #press(input: PointerInput, commands: ToolCommands): void {
    const held = isOpposite(input) ? null : near(input, GRIP, commands);
    if (held) this.#held = { index: held.index, from: input, moved: false };
    else click(input, commands);
  }
}

function click(input: PointerInput, commands: ToolCommands): void {
  const on = near(input, DISC, commands);
  if (!on) {
    const point = clickedPoint(input, commands.imageSize);
    if (point) commands.addPoint(point);
  } else if (input.alt || (isOpposite(input) && on.label === FOREGROUND)) commands.deletePoint(on.index);
  // Also of a second right-click where the first put its point: it should not take that away again.
  else commands.selectPoint(on.index);
}

function near(input: PointerInput, reach: Reach, commands: ToolCommands): NearPoint | null {
  return commands.pointNear(input.screen, input.touch ? reach.touch : reach.mouse);
}

function drag(held: Held, input: PointerInput, commands: ToolCommands): Held {
  if (!held.moved && distance(held.from.screen, input.screen) < CLICK_SLACK) return held;
  commands.movePoint(held.index, nearestPixel(input.image, commands.imageSize), held.moved);
  return { ...held, moved: true };
}
