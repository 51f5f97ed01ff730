/** What the page shows beside the document: choices of the moment, none of which is stored. */

import type { PromptBox } from "../decoder/prompts";
import type { StrokeMode } from "../document/draft";
import type { Rle } from "../document/rle";
import type { ImagePoint } from "../geometry/points";
import type { ToolName } from "../tools/tool";

export interface Notice {
  readonly tone: "info" | "problem";
  readonly text: string;
}

/** A stroke of the brush that has not ended. */
export interface Stroke {
  readonly mode: StrokeMode;
  readonly pixels: Rle;
}

/** A polygon that is not closed; `end` follows the pointer. */
export interface OpenPolygon {
  readonly mode: StrokeMode;
  readonly vertices: readonly ImagePoint[];
  readonly end: ImagePoint | null;
}

export interface Shown {
  readonly tool: ToolName;
  /** While Space is held any tool pans. */
  readonly spaceHeld: boolean;
  /** Fingers point at what does not belong to the object. */
  readonly touchOpposite: boolean;
  readonly masksHidden: boolean;
  readonly contoursOnly: boolean;
  /** Of the masks only the selected one is shown. */
  readonly solo: boolean;
  /** Masks that are not drawn. */
  readonly hiddenIds: ReadonlySet<string>;
  readonly selectedId: string | null;
  readonly hoveredId: string | null;
  /** A deleted mask that is pointed at in their list. */
  readonly ghost: Rle | null;
  /** Which point of the object being made was clicked; Del takes it away. */
  readonly selectedPoint: number | null;
  readonly rubberBand: PromptBox | null;
  readonly stroke: Stroke | null;
  readonly polygon: OpenPolygon | null;
  /** Where the brush is; null when it is not in the hand or not over the image. */
  readonly brushAt: ImagePoint | null;
  readonly notice: Notice | null;
  /** Where the keyboard points, in the middle of a pixel; null while the mouse does. */
  readonly cross: ImagePoint | null;
  /** Milliseconds from the last click to its mask. */
  readonly decodeMs: number | null;
  /** Which prompt that was; another click is another one, even where it takes as long. */
  readonly answeredId: number | null;
}

export const INITIALLY_SHOWN: Shown = {
  tool: "point",
  spaceHeld: false,
  touchOpposite: false,
  masksHidden: false,
  contoursOnly: false,
  solo: false,
  hiddenIds: new Set(),
  selectedId: null,
  hoveredId: null,
  ghost: null,
  selectedPoint: null,
  rubberBand: null,
  stroke: null,
  polygon: null,
  brushAt: null,
  notice: null,
  cross: null,
  decodeMs: null,
  answeredId: null,
};
