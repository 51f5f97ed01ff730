/** A drag sets the object's box; a click without a drag adds a point, as the point tool does. */

import { boxBetween, type PromptBox } from "../decoder/prompts";
import { clampToImage, type ImagePoint, imagePoint, type Size } from "../geometry/points";
import { CLICK_SLACK, clickedPoint, distance, type PointerInput, type Tool, type ToolCommands } from "./tool";

type State =
  | { name: "idle" }
  | { name: "pressed"; from: PointerInput }
  | { name: "dragging"; from: PointerInput };

/** Smallest side of a box, in image pixels. */
const MIN_SIDE = 2;

export class BoxTool implements Tool {
  readonly name = "box";
  readonly cursor = "crosshair";
  #state: State = { name: "idle" };

  handle(input: PointerInput, commands: ToolCommands): void {
    switch (input.type) {
      case "down":
        if (input.button === 0 && !input.alt) this.#state = { name: "pressed", from: input };
        else if (input.button !== 1) this.#addPoint(input, commands);
        return;
      case "move":
        if (
          this.#state.name === "pressed" &&
          distance(this.#state.from.screen, input.screen) >= CLICK_SLACK
        ) {
          this.#state = { name: "dragging", from: this.#state.from };
        }
        if (this.#state.name === "dragging") {
          commands.showRubberBand(snappedBox(this.#state.from.image, input.image, commands.imageSize));
        }
        return;
      case "up":
        this.#release(input, commands);
        return;
      case "cancel":
        this.#state = { name: "idle" };
        commands.showRubberBand(null);
    }
  }

  #release(input: PointerInput, commands: ToolCommands): void {
    const state = this.#state;
    this.#state = { name: "idle" };
    if (state.name === "pressed") this.#addPoint(state.from, commands);
    if (state.name !== "dragging") return;
    commands.showRubberBand(null);
    const box = snappedBox(state.from.image, input.image, commands.imageSize);
    const wide = box.bottomRight.x - box.topLeft.x >= MIN_SIDE;
    if (wide && box.bottomRight.y - box.topLeft.y >= MIN_SIDE) commands.setBox(box);
  }

  #addPoint(input: PointerInput, commands: ToolCommands): void {
    const point = clickedPoint(input, commands.imageSize);
    if (point) commands.addPoint(point);
  }
}

function snappedBox(a: ImagePoint, b: ImagePoint, image: Size): PromptBox {
  const snap = (point: ImagePoint): ImagePoint => {
    const inside = clampToImage(point, image);
    return imagePoint(Math.round(inside.x), Math.round(inside.y));
  };
  return boxBetween(snap(a), snap(b));
}
