/** Paints or erases along the pointer's way. Shift draws a straight line from where the last stroke ended. */

import type { StrokeMode } from "../document/draft";
import type { ImagePoint } from "../geometry/points";
import type { PointerInput, Tool, ToolCommands } from "./tool";

export class BrushTool implements Tool {
  readonly cursor = "none";
  readonly #mode: StrokeMode;
  #stroke: { readonly mode: StrokeMode; readonly at: ImagePoint } | null = null;
  #lastEnd: ImagePoint | null = null;

  constructor(readonly name: "brush" | "eraser") {
    this.#mode = name === "brush" ? "paint" : "erase";
  }

  handle(input: PointerInput, commands: ToolCommands): void {
    commands.showBrush(input.image);
    switch (input.type) {
      case "down":
        if (!this.#stroke && (input.button === 0 || input.button === 2)) this.#begin(input, commands);
        return;
      case "move":
        if (!this.#stroke) return;
        commands.paint(this.#stroke.mode, this.#stroke.at, input.image);
        this.#stroke = { ...this.#stroke, at: input.image };
        return;
      case "up":
        if (!this.#stroke) return;
        this.#lastEnd = this.#stroke.at;
        this.#stroke = null;
        commands.endStroke();
        return;
      case "cancel":
        this.#stroke = null;
        commands.cancelStroke();
    }
  }

  /** The right button does the opposite, so that a slip is mended without another tool. */
  #begin(input: PointerInput, commands: ToolCommands): void {
    const opposite: StrokeMode = this.#mode === "paint" ? "erase" : "paint";
    const mode = input.button === 2 ? opposite : this.#mode;
    const from = (input.shift && this.#lastEnd) || input.image;
    commands.paint(mode, from, input.image);
    this.#stroke = { mode, at: input.image };
  }
}
