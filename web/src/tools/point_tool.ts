/** A press adds a foreground point; with the right button or Alt a background point. */

import { clickedPoint, type PointerInput, type Tool, type ToolCommands } from "./tool";

export class PointTool implements Tool {
  readonly name = "point";
  readonly cursor = "crosshair";

  /** Acts on the press, not the release: that is the hand's own latency saved on every click. */
  handle(input: PointerInput, commands: ToolCommands): void {
    if (input.type !== "down" || (input.button !== 0 && input.button !== 2)) return;
    const point = clickedPoint(input, commands.imageSize);
    if (point) commands.addPoint(point);
  }
}
