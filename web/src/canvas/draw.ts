/** Drawing of single things, in the image frame unless said otherwise. Widths are in screen pixels at any zoom. */

import type { OpenPolygon } from "../annotation/shown";
import type { PromptBox, PromptPoint } from "../decoder/prompts";
import { type ImagePoint, imagePoint } from "../geometry/points";
import { toScreen, type View } from "../geometry/view";
import { BACKGROUND_POINT, FOREGROUND_POINT } from "./colours";

/** Of a canvas on the page or in a worker. */
export type Context2D = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Of the chosen opacity. */
const FILL = { strong: 1.4, normal: 1 };
const CONTOUR_WIDTH = 1.5;
const DASHES = [6, 4];
const HALO_WIDTH = 3.5;
const HALO = "rgb(0 0 0 / 55%)";
const POINT_SIZE = 8;

/** Sets the context to the image frame. */
export function setImageFrame(context: Context2D, view: View, pixelRatio: number): void {
  const scale = view.zoom * pixelRatio;
  context.setTransform(scale, 0, 0, scale, view.originX * pixelRatio, view.originY * pixelRatio);
}

/** Sets the context to the screen frame. */
export function setScreenFrame(context: CanvasRenderingContext2D, pixelRatio: number): void {
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
}

export interface MaskStyle {
  readonly colour: string;
  /** Of the inside, 0 to 1; 0 leaves the contour alone. */
  readonly fillOpacity: number;
  /** Strong: singled out, with a wider contour. */
  readonly emphasis: "strong" | "normal";
  /** A broken contour: it is offered, not kept. */
  readonly offered?: boolean;
}

/** Filling the outline along pixel edges is nearest-neighbour at every zoom, without a bitmap. */
export function drawMask(context: Context2D, path: Path2D, zoom: number, style: MaskStyle): void {
  const extra = style.emphasis === "strong" ? 1.25 : 0;
  context.lineJoin = "round";
  if (style.fillOpacity > 0) {
    context.globalAlpha = Math.min(style.fillOpacity * FILL[style.emphasis], 1);
    context.fillStyle = style.colour;
    context.fill(path, "evenodd");
    context.globalAlpha = 1;
  }
  context.strokeStyle = HALO;
  context.lineWidth = (HALO_WIDTH + extra) / zoom;
  context.stroke(path);
  context.strokeStyle = style.colour;
  context.lineWidth = (CONTOUR_WIDTH + extra) / zoom;
  if (style.offered) context.setLineDash(DASHES.map((length) => length / zoom));
  context.stroke(path);
  if (style.offered) context.setLineDash([]);
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
  if (dashed) context.setLineDash(DASHES.map((length) => length / zoom));
  context.strokeRect(...rectangle);
  context.setLineDash([]);
}

/** What a click would make: quieter than anything that is there. */
export function drawPreview(
  context: CanvasRenderingContext2D,
  path: Path2D,
  zoom: number,
  colour: string,
): void {
  context.globalAlpha = 0.22;
  context.fillStyle = colour;
  context.fill(path, "evenodd");
  context.globalAlpha = 0.9;
  context.strokeStyle = colour;
  context.lineWidth = 1 / zoom;
  context.stroke(path);
  context.globalAlpha = 1;
}

/** In the screen frame: the brush's rim, dark within light so that it reads on anything. */
export function drawBrush(
  context: CanvasRenderingContext2D,
  at: ImagePoint,
  diameter: number,
  view: View,
): void {
  const { x, y } = toScreen(view, at);
  const radius = Math.max((diameter / 2) * view.zoom, 1);
  for (const [colour, offset] of [
    ["#fff", 0.5],
    ["#000", -0.5],
  ] as const) {
    context.beginPath();
    context.arc(x, y, Math.max(radius + offset, 0.5), 0, 2 * Math.PI);
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.stroke();
  }
}

/** In the screen frame: where the keyboard points, with a gap in the middle that leaves the pixel itself in sight. */
export function drawCross(context: CanvasRenderingContext2D, at: ImagePoint, view: View): void {
  const { x, y } = toScreen(view, at);
  const arms = new Path2D();
  for (const [right, down] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const) {
    arms.moveTo(x + 4 * right, y + 4 * down);
    arms.lineTo(x + 16 * right, y + 16 * down);
  }
  context.strokeStyle = HALO;
  context.lineWidth = HALO_WIDTH;
  context.stroke(arms);
  context.strokeStyle = "#fff";
  context.lineWidth = CONTOUR_WIDTH;
  context.stroke(arms);
}

/** In the screen frame: a polygon that is not closed, its corners, and the edge that follows the pointer. */
export function drawOpenPolygon(
  context: CanvasRenderingContext2D,
  { vertices, end, mode }: OpenPolygon,
  view: View,
  colour: string,
): void {
  const corners = vertices.map((vertex) => toScreen(view, vertex));
  const path = new Path2D();
  for (const { x, y } of end ? [...corners, toScreen(view, end)] : corners) path.lineTo(x, y);
  context.strokeStyle = HALO;
  context.lineWidth = HALO_WIDTH;
  context.stroke(path);
  context.strokeStyle = mode === "paint" ? colour : BACKGROUND_POINT;
  context.lineWidth = CONTOUR_WIDTH;
  context.stroke(path);
  for (const [index, { x, y }] of corners.entries()) {
    // The first is larger: a click on it closes the polygon.
    const size = index === 0 ? 10 : 6;
    context.fillStyle = HALO;
    context.fillRect(x - size / 2 - 1, y - size / 2 - 1, size + 2, size + 2);
    context.fillStyle = "#fff";
    context.fillRect(x - size / 2, y - size / 2, size, size);
  }
}

/** In the screen frame: green disc for foreground, red square for background, both with a white ring. */
export function drawPoint(
  context: CanvasRenderingContext2D,
  point: PromptPoint,
  view: View,
  selected = false,
): void {
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
  shape(POINT_SIZE + (selected ? 10 : 6));
  context.fillStyle = "#fff";
  shape(POINT_SIZE + (selected ? 8 : 4));
  context.fillStyle = foreground ? FOREGROUND_POINT : BACKGROUND_POINT;
  shape(POINT_SIZE);
}
