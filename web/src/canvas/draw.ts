/** Drawing of single things, in the image frame unless said otherwise. Widths are in screen pixels at any zoom. */

import type { PromptBox, PromptPoint } from "../decoder/prompts";
import { imagePoint } from "../geometry/points";
import { toScreen, type View } from "../geometry/view";
import { BACKGROUND_POINT, FOREGROUND_POINT } from "./colours";

const FILL_OPACITY = { strong: 0.5, normal: 0.35, faint: 0.12 };
const CONTOUR_WIDTH = 1.5;
const HALO_WIDTH = 3.5;
const HALO = "rgb(0 0 0 / 55%)";
const POINT_SIZE = 8;

/** Sets the context to the image frame. */
export function setImageFrame(context: CanvasRenderingContext2D, view: View, pixelRatio: number): void {
  const scale = view.zoom * pixelRatio;
  context.setTransform(scale, 0, 0, scale, view.originX * pixelRatio, view.originY * pixelRatio);
}

/** Sets the context to the screen frame. */
export function setScreenFrame(context: CanvasRenderingContext2D, pixelRatio: number): void {
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
}

export interface MaskStyle {
  readonly colour: string;
  readonly filled: boolean;
  /** Strong: singled out, with a wider contour. Faint: another one is singled out. */
  readonly emphasis: "strong" | "normal" | "faint";
}

/** Filling the outline along pixel edges is nearest-neighbour at every zoom, without a bitmap. */
export function drawMask(
  context: CanvasRenderingContext2D,
  path: Path2D,
  zoom: number,
  style: MaskStyle,
): void {
  const extra = style.emphasis === "strong" ? 1.25 : 0;
  context.lineJoin = "round";
  if (style.filled) {
    context.globalAlpha = FILL_OPACITY[style.emphasis];
    context.fillStyle = style.colour;
    context.fill(path, "evenodd");
    context.globalAlpha = 1;
  }
  context.strokeStyle = HALO;
  context.lineWidth = (HALO_WIDTH + extra) / zoom;
  context.stroke(path);
  context.strokeStyle = style.colour;
  context.lineWidth = (CONTOUR_WIDTH + extra) / zoom;
  context.stroke(path);
}

export function drawBox(
  context: CanvasRenderingContext2D,
  box: PromptBox,
  zoom: number,
  colour: string,
  dashed: boolean,
): void {
  const { topLeft, bottomRight } = box;
  const rectangle = [topLeft.x, topLeft.y, bottomRight.x - topLeft.x, bottomRight.y - topLeft.y] as const;
  context.strokeStyle = HALO;
  context.lineWidth = HALO_WIDTH / zoom;
  context.strokeRect(...rectangle);
  context.strokeStyle = colour;
  context.lineWidth = CONTOUR_WIDTH / zoom;
  if (dashed) context.setLineDash([6 / zoom, 4 / zoom]);
  context.strokeRect(...rectangle);
  context.setLineDash([]);
}

/** In the screen frame: green disc for foreground, red square for background, both with a white ring. */
export function drawPoint(context: CanvasRenderingContext2D, point: PromptPoint, view: View): void {
  // The middle of the pixel that the point names.
  const { x, y } = toScreen(view, imagePoint(point.at.x + 0.5, point.at.y + 0.5));
  const foreground = point.label === 1;
  const shape = (size: number): void => {
    context.beginPath();
    if (foreground) context.arc(x, y, size / 2, 0, 2 * Math.PI);
    else context.rect(x - size / 2, y - size / 2, size, size);
    context.fill();
  };
  context.fillStyle = HALO;
  shape(POINT_SIZE + 6);
  context.fillStyle = "#fff";
  shape(POINT_SIZE + 4);
  context.fillStyle = foreground ? FOREGROUND_POINT : BACKGROUND_POINT;
  shape(POINT_SIZE);
}
