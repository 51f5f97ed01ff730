/** Clicks set the corners of a straight-edged thing; the first corner again, a double click or Enter closes it. */

import type { StrokeMode } from "../document/draft";
import { clampToImage, type ImagePoint, imagePoint, type Size } from "../geometry/points";
import { distance, isOpposite, type PointerInput, type Tool, type ToolCommands, type ToolKey } from "./tool";

/** A click this near to a corner, in CSS pixels, means the corner. */
const NEAR = 9;
const FEWEST = 3;

export class PolygonTool implements Tool {
  readonly name = "polygon";
  readonly cursor = "crosshair";
  #vertices: readonly ImagePoint[] = [];
  /** Begun with the right button or Alt, it cuts out. */
  #mode: StrokeMode = "paint";

  handle(input: PointerInput, commands: ToolCommands): void {
    if (input.type === "down" && (input.button === 0 || input.button === 2)) this.#press(input, commands);
    else if (input.type === "move" && this.#vertices.length > 0) {
      commands.showPolygon(this.#mode, this.#vertices, corner(input.image, commands.imageSize));
    }
  }

  key(key: ToolKey, commands: ToolCommands): boolean {
    if (this.#vertices.length === 0) return false;
    if (key === "confirm") this.#close(commands);
    else this.#become(key === "cancel" ? [] : this.#vertices.slice(0, -1), commands);
    return true;
  }

  #press(input: PointerInput, commands: ToolCommands): void {
    const [first] = this.#vertices;
    const last = this.#vertices.at(-1);
    const near = (vertex: ImagePoint): boolean => distance(commands.toScreen(vertex), input.screen) <= NEAR;
    if (this.#vertices.length >= FEWEST && first && last && (near(first) || near(last))) {
      this.#close(commands);
      return;
    }
    if (last && near(last)) return;
    if (!first) this.#mode = isOpposite(input) ? "erase" : "paint";
    this.#become([...this.#vertices, corner(input.image, commands.imageSize)], commands);
  }

  #close(commands: ToolCommands): void {
    const vertices = this.#vertices;
    if (vertices.length < FEWEST) return;
    this.#become([], commands);
    commands.fillPolygon(this.#mode, vertices);
  }

  #become(vertices: readonly ImagePoint[], commands: ToolCommands): void {
    this.#vertices = vertices;
    commands.showPolygon(this.#mode, vertices, null);
  }
}

/** The nearest corner between pixels: edges along the pixel grid are exact. */
function corner(point: ImagePoint, image: Size): ImagePoint {
  const { x, y } = clampToImage(point, image);
  return imagePoint(Math.round(x), Math.round(y));
}
