/** The tool a person works with, kept from image to image and over a reload, for as long as the tab is open. */

import type { ToolName } from "../tools/tool";

const STORED_AS = "maskloop.tool";
/** The others are taken up for a moment; on a new image there is nothing to erase. */
const KEPT: readonly ToolName[] = ["point", "box", "brush", "polygon"];

type ToolStorage = Pick<Storage, "getItem" | "setItem">;

export function toolInHand(storage: ToolStorage | undefined): ToolName {
  try {
    const stored = storage?.getItem(STORED_AS);
    return KEPT.find((tool) => tool === stored) ?? "point";
  } catch {
    // A forbidden storage: every image begins with the point tool.
    return "point";
  }
}

export function keepToolInHand(storage: ToolStorage | undefined, tool: ToolName): void {
  if (!KEPT.includes(tool)) return;
  try {
    storage?.setItem(STORED_AS, tool);
  } catch {
    // As above.
  }
}
