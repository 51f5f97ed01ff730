/** Prompts as a person gives them, and as the decoder takes them. */

import { type ModelFrame, toModel } from "../geometry/model_frame";
import { type ImagePoint, imagePoint } from "../geometry/points";

export const FOREGROUND = 1;
export const BACKGROUND = 0;
const BOX_TOP_LEFT = 2;
const BOX_BOTTOM_RIGHT = 3;
const PADDING = -1;

export interface PromptPoint {
  /** Pixel index in the original image. */
  readonly at: ImagePoint;
  readonly label: typeof FOREGROUND | typeof BACKGROUND;
}

/** A box in the image frame, top-left and bottom-right corners. */
export interface PromptBox {
  readonly topLeft: ImagePoint;
  readonly bottomRight: ImagePoint;
}

export interface Prompt {
  readonly points: readonly PromptPoint[];
  readonly box: PromptBox | null;
}

/** `point_coords` [1, N, 2] in the model-input frame and `point_labels` [1, N], flat. */
export interface ModelInput {
  readonly coords: Float32Array;
  readonly labels: Float32Array;
}

/** One point alone may mean several objects (part, whole, …): then the three ambiguity masks are wanted. */
export function isAmbiguous({ points, box }: Prompt, maskInput: Float32Array | null): boolean {
  return points.length === 1 && box === null && maskInput === null;
}

/**
 * The prompt in the model-input frame. Without a box a padding point is appended; a box becomes two points labelled
 * as its corners (published behaviour). The only place of the browser that pads.
 */
export function toModelInput(prompt: Prompt, frame: ModelFrame): ModelInput {
  const coords: number[] = [];
  const labels: number[] = [];
  const add = (point: ImagePoint, label: number): void => {
    const { x, y } = toModel(frame, point);
    coords.push(x, y);
    labels.push(label);
  };
  for (const point of prompt.points) add(point.at, point.label);
  if (prompt.box) {
    add(prompt.box.topLeft, BOX_TOP_LEFT);
    add(prompt.box.bottomRight, BOX_BOTTOM_RIGHT);
  } else {
    coords.push(0, 0);
    labels.push(PADDING);
  }
  return { coords: Float32Array.from(coords), labels: Float32Array.from(labels) };
}

/** The prompt as the API takes and stores it: image frame. */
export interface WirePrompt {
  points: { x: number; y: number; label: 0 | 1 }[];
  box?: [number, number, number, number];
}

export function toWire(prompt: Prompt): WirePrompt {
  const points = prompt.points.map(({ at, label }) => ({ x: at.x, y: at.y, label }));
  if (!prompt.box) return { points };
  const { topLeft, bottomRight } = prompt.box;
  return { points, box: [topLeft.x, topLeft.y, bottomRight.x, bottomRight.y] };
}

/** A box from two opposite corners in any order. */
export function boxBetween(a: ImagePoint, b: ImagePoint): PromptBox {
  return {
    topLeft: imagePoint(Math.min(a.x, b.x), Math.min(a.y, b.y)),
    bottomRight: imagePoint(Math.max(a.x, b.x), Math.max(a.y, b.y)),
  };
}
