/** What every tool is: a small state machine from pointer events to commands. */

import type { PromptBox, PromptPoint } from "../decoder/prompts";
import type { StrokeMode } from "../document/draft";
import {
  clampToImage,
  type ImagePoint,
  imagePoint,
  isInside,
  pixelAt,
  type ScreenPoint,
  type Size,
} from "../geometry/points";

export type ToolName = "point" | "box" | "brush" | "eraser" | "polygon" | "pan";

export interface PointerInput {
  readonly type: "down" | "move" | "up" | "cancel";
  readonly screen: ScreenPoint;
  readonly image: ImagePoint;
  /** As in `PointerEvent.button`: 0 left, 1 middle, 2 right. */
  readonly button: number;
  readonly alt: boolean;
  readonly shift: boolean;
  /** Of a finger. */
  readonly touch?: boolean;
}

/** A point of the object being made. */
export interface NearPoint {
  readonly index: number;
  readonly label: PromptPoint["label"];
}

/** Keys that mean something to a tool in the middle of its work. */
export type ToolKey = "confirm" | "cancel" | "back";

/** What a tool can do; it knows nothing of the page. */
export interface ToolCommands {
  readonly imageSize: Size;
  toScreen(point: ImagePoint): ScreenPoint;
  addPoint(point: PromptPoint): void;
  /** The point of the object being made whose middle is at most `reach` CSS pixels from there; null: none. */
  pointNear(screen: ScreenPoint, reach: number): NearPoint | null;
  /** `continued`: still the same drag. */
  movePoint(index: number, at: ImagePoint, continued: boolean): void;
  deletePoint(index: number): void;
  selectPoint(index: number): void;
  setBox(box: PromptBox): void;
  /** Shows a box while it is being drawn; null takes it away. */
  showRubberBand(box: PromptBox | null): void;
  showBrush(at: ImagePoint): void;
  /** Moves the brush along a straight line, as part of one stroke. */
  paint(mode: StrokeMode, from: ImagePoint, to: ImagePoint): void;
  endStroke(): void;
  cancelStroke(): void;
  /** Shows a polygon that is not closed; no vertices take it away. */
  showPolygon(mode: StrokeMode, vertices: readonly ImagePoint[], end: ImagePoint | null): void;
  fillPolygon(mode: StrokeMode, vertices: readonly ImagePoint[]): void;
  pan(dx: number, dy: number): void;
}

export interface Tool {
  readonly name: ToolName;
  readonly cursor: string;
  handle(input: PointerInput, commands: ToolCommands): void;
  /** True when the tool had a use for the key. */
  key?(key: ToolKey, commands: ToolCommands): boolean;
}

/** A press that moves less than this, in CSS pixels, is a click. */
export const CLICK_SLACK = 4;

export function distance(a: ScreenPoint, b: ScreenPoint): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** Right button, Alt or Shift: what is pointed at does not belong to the object. */
export function isOpposite({ button, alt, shift }: PointerInput): boolean {
  return button === 2 || alt || shift;
}

/** The point a click means. Null outside the image. */
export function clickedPoint(input: PointerInput, image: Size): PromptPoint | null {
  if (!isInside(input.image, image)) return null;
  return { at: pixelAt(input.image), label: isOpposite(input) ? 0 : 1 };
}

/** The pixel nearest to a position that may be outside the image. */
export function nearestPixel(point: ImagePoint, { width, height }: Size): ImagePoint {
  const { x, y } = pixelAt(clampToImage(point, { width, height }));
  return imagePoint(Math.min(x, width - 1), Math.min(y, height - 1));
}
