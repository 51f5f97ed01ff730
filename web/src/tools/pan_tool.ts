/** A drag moves the image. Also lent to any tool while Space or the middle button is held. */

import type { ScreenPoint } from "../geometry/points";
import type { PointerInput, Tool, ToolCommands } from "./tool";

export class PanTool implements Tool {
  readonly name = "pan";
  #last: ScreenPoint | null = null;

  get cursor(): string {
    return this.#last ? "grabbing" : "grab";
  }

  handle(input: PointerInput, commands: ToolCommands): void {
    switch (input.type) {
      case "down":
        this.#last = input.screen;
        return;
      case "move":
        if (!this.#last) return;
        commands.pan(input.screen.x - this.#last.x, input.screen.y - this.#last.y);
        this.#last = input.screen;
        return;
      case "up":
      case "cancel":
        this.#last = null;
    }
  }
}
