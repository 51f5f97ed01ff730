/** What every tool is: a small state machine from pointer events to commands. */

import type { PromptBox, PromptPoint } from "../decoder/prompts";
import { type ImagePoint, isInside, pixelAt, type ScreenPoint, type Size } from "../geometry/points";

export type ToolName = "point" | "box" | "pan";

export interface PointerInput {
  readonly type: "down" | "move" | "up" | "cancel";
  readonly screen: ScreenPoint;
  readonly image: ImagePoint;
  /** As in `PointerEvent.button`: 0 left, 1 middle, 2 right. */
  readonly button: number;
  readonly alt: boolean;
}

/** What a tool can do; it knows nothing of the page. */
export interface ToolCommands {
  readonly imageSize: Size;
  addPoint(point: PromptPoint): void;
  setBox(box: PromptBox): void;
  /** Shows a box while it is being drawn; null takes it away. */
  showRubberBand(box: PromptBox | null): void;
  pan(dx: number, dy: number): void;
}

export interface Tool {
  readonly name: ToolName;
  readonly cursor: string;
  handle(input: PointerInput, commands: ToolCommands): void;
}

/** A press that moves less than this, in CSS pixels, is a click. */
export const CLICK_SLACK = 4;

export function distance(a: ScreenPoint, b: ScreenPoint): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** The point a click means: right button or Alt is background. Null outside the image. */
export function clickedPoint(input: PointerInput, image: Size): PromptPoint | null {
  if (!isInside(input.image, image)) return null;
  return { at: pixelAt(input.image), label: input.button === 2 || input.alt ? 0 : 1 };
}
