/** The view transform: where the image lies on the canvas. */

import type { Bounds } from "../document/rle";
import { type ImagePoint, imagePoint, type ScreenPoint, type Size, screenPoint } from "./points";

/** `zoom` is CSS pixels per image pixel; the image's top-left corner is drawn at (`originX`, `originY`). */
export interface View {
  readonly zoom: number;
  readonly originX: number;
  readonly originY: number;
}

export const MIN_ZOOM = 0.05;
export const MAX_ZOOM = 32;

/** This much of the image stays within the canvas, in CSS pixels, however far it is panned. */
const KEEP_VISIBLE = 48;

/** CSS pixels. */
const SMALLEST_IN_SIGHT = 24;

export function toScreen(view: View, point: ImagePoint): ScreenPoint {
  return screenPoint(view.originX + point.x * view.zoom, view.originY + point.y * view.zoom);
}

export function toImage(view: View, point: ScreenPoint): ImagePoint {
  return imagePoint((point.x - view.originX) / view.zoom, (point.y - view.originY) / view.zoom);
}

/** Zoom by `factor`; the image position below `anchor` stays below it. */
export function zoomAt(view: View, anchor: ScreenPoint, factor: number): View {
  const zoom = Math.min(Math.max(view.zoom * factor, MIN_ZOOM), MAX_ZOOM);
  const ratio = zoom / view.zoom;
  return {
    zoom,
    originX: anchor.x - (anchor.x - view.originX) * ratio,
    originY: anchor.y - (anchor.y - view.originY) * ratio,
  };
}

export function panBy(view: View, dx: number, dy: number): View {
  return { ...view, originX: view.originX + dx, originY: view.originY + dy };
}

/**
 * The whole image, centred, with `margin` CSS pixels around it; small images are not enlarged past 8×. It stays clear of
 * what lies over the lowest `covered` CSS pixels of the canvas.
 */
export function fitTo(image: Size, canvas: Size, margin = 24, covered = 0): View {
  const below = Math.max(margin, covered);
  const room = {
    width: Math.max(canvas.width - 2 * margin, 1),
    height: Math.max(canvas.height - margin - below, 1),
  };
  const wanted = Math.min(room.width / image.width, room.height / image.height, 8);
  const zoom = Math.min(Math.max(wanted, MIN_ZOOM), MAX_ZOOM);
  return {
    zoom,
    originX: (canvas.width - image.width * zoom) / 2,
    originY: Math.min(
      (canvas.height - image.height * zoom) / 2,
      Math.max(canvas.height - below - image.height * zoom, margin),
    ),
  };
}

/** One thing of the image, centred, filling about half of the canvas and never past 8×. */
export function fitToBox({ left, top, right, bottom }: Bounds, canvas: Size): View {
  const wanted = 0.55 * Math.min(canvas.width / (right - left), canvas.height / (bottom - top));
  const zoom = Math.min(Math.max(wanted, MIN_ZOOM), 8);
  return {
    zoom,
    originX: canvas.width / 2 - ((left + right) / 2) * zoom,
    originY: canvas.height / 2 - ((top + bottom) / 2) * zoom,
  };
}

/** Whether a box lies within the canvas and is large enough to be made out. */
export function isInSight({ left, top, right, bottom }: Bounds, view: View, canvas: Size): boolean {
  const a = toScreen(view, imagePoint(left, top));
  const b = toScreen(view, imagePoint(right, bottom));
  const within = a.x >= 0 && a.y >= 0 && b.x <= canvas.width && b.y <= canvas.height;
  return within && Math.max(b.x - a.x, b.y - a.y) >= SMALLEST_IN_SIGHT;
}

/** The same view, moved just enough that the image cannot be lost outside the canvas. */
export function keepVisible(view: View, image: Size, canvas: Size): View {
  const clamp = (origin: number, extent: number, room: number): number => {
    const keep = Math.min(KEEP_VISIBLE, extent, room);
    return Math.min(Math.max(origin, keep - extent), room - keep);
  };
  return {
    zoom: view.zoom,
    originX: clamp(view.originX, image.width * view.zoom, canvas.width),
    originY: clamp(view.originY, image.height * view.zoom, canvas.height),
  };
}
