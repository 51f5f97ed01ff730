/** A small square picture of one mask on its image. */

import { bounds, type Rle } from "../document/rle";
import type { Size } from "../geometry/points";
import { ACCENT } from "./colours";
import { drawMask, setImageFrame } from "./draw";
import type { ImagePyramid } from "./image_pyramid";
import { maskPath } from "./outline";

/** CSS pixels. */
export const THUMBNAIL_SIDE = 72;

/** Share of the mask's longer side that is shown around it. */
const SURROUNDINGS = 0.35;

/** Draws the part of the image around `mask`, with the mask on it. */
export function drawThumbnail(
  canvas: HTMLCanvasElement,
  image: Size,
  pyramid: ImagePyramid | null,
  mask: Rle,
  colour: string = ACCENT,
): void {
  const pixelRatio = window.devicePixelRatio;
  canvas.width = canvas.height = Math.round(THUMBNAIL_SIDE * pixelRatio);
  const context = canvas.getContext("2d");
  if (!context) return;
  const box = bounds(mask) ?? { left: 0, top: 0, right: image.width, bottom: image.height };
  const side = Math.max(box.right - box.left, box.bottom - box.top) * (1 + SURROUNDINGS);
  const zoom = THUMBNAIL_SIDE / side;
  const view = {
    zoom,
    originX: THUMBNAIL_SIDE / 2 - ((box.left + box.right) / 2) * zoom,
    originY: THUMBNAIL_SIDE / 2 - ((box.top + box.bottom) / 2) * zoom,
  };
  setImageFrame(context, view, pixelRatio);
  context.imageSmoothingEnabled = zoom <= 1;
  pyramid?.draw(context, image, zoom * pixelRatio);
  drawMask(context, maskPath(mask, zoom * pixelRatio), zoom, {
    colour,
    fillOpacity: 0.35,
    emphasis: "normal",
  });
}
