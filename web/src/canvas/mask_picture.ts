/** Stored masks drawn as one picture, beyond the edges of the canvas, for as long as only the view moves. */

import type { Rle } from "../document/rle";
import type { Size } from "../geometry/points";
import type { View } from "../geometry/view";
import { type Context2D, drawMask, setImageFrame } from "./draw";
import { maskPath } from "./outline";

export interface ColouredMask {
  readonly rle: Rle;
  readonly colour: string;
  readonly offered: boolean;
}

/** What the picture is drawn for; `size` is the canvas in CSS pixels. */
export interface Framing {
  readonly view: View;
  readonly size: Size;
  readonly pixelRatio: number;
}

/** Drawn this much beyond the canvas on each side, as a share of it, so that a pan finds something to show. */
const MARGIN = 0.25;

/** The picture's size in device pixels. */
export function pictureSize({ size, pixelRatio }: Framing): Size {
  const side = (length: number): number => Math.max(Math.round(length * (1 + 2 * MARGIN) * pixelRatio), 1);
  return { width: side(size.width), height: side(size.height) };
}

/** Draws the picture; `context` is of a canvas of `pictureSize`, empty so far. */
export function drawPicture(
  context: Context2D,
  masks: readonly ColouredMask[],
  fillOpacity: number,
  { view, size, pixelRatio }: Framing,
): void {
  const shifted = {
    zoom: view.zoom,
    originX: view.originX + size.width * MARGIN,
    originY: view.originY + size.height * MARGIN,
  };
  setImageFrame(context, shifted, pixelRatio);
  for (const { rle, colour, offered } of masks) {
    const path = maskPath(rle, view.zoom * pixelRatio);
    drawMask(context, path, view.zoom, { colour, fillOpacity, emphasis: "normal", offered });
  }
}

/** Where in `view` the picture lies, in CSS pixels. */
export function pictureIn(
  view: View,
  drawn: Framing,
): { left: number; top: number; width: number; height: number } {
  const ratio = view.zoom / drawn.view.zoom;
  const { width, height } = drawn.size;
  return {
    left: view.originX - (drawn.view.originX + width * MARGIN) * ratio,
    top: view.originY - (drawn.view.originY + height * MARGIN) * ratio,
    width: width * (1 + 2 * MARGIN) * ratio,
    height: height * (1 + 2 * MARGIN) * ratio,
  };
}
