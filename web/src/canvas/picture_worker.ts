/** Draws the picture of the stored masks beside the page's own thread, which goes on following the hand meanwhile. */

import type { Rle } from "../document/rle";
import { drawPicture, type Framing, pictureSize } from "./mask_picture";

export interface PictureRequest {
  /** Masks that were not sent before, by the number they are sent under. */
  readonly added: readonly (readonly [number, Rle])[];
  /** Those that the worker may forget. */
  readonly removed: readonly number[];
  /** From the lowest to the highest. */
  readonly masks: readonly { readonly key: number; readonly colour: string; readonly offered: boolean }[];
  readonly fillOpacity: number;
  readonly framing: Framing;
}

const known = new Map<number, Rle>();

/** A request, or "forget": the masks sent so far belong to an image that is left. */
self.onmessage = ({ data }: MessageEvent<PictureRequest | "forget">) => {
  if (data === "forget") {
    known.clear();
    return;
  }
  const { added, removed, masks, fillOpacity, framing } = data;
  for (const [key, rle] of added) known.set(key, rle);
  for (const key of removed) known.delete(key);
  const { width, height } = pictureSize(framing);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser has no 2D canvas in workers.");
  const drawn = masks.flatMap(({ key, colour, offered }) => {
    const rle = known.get(key);
    return rle ? [{ rle, colour, offered }] : [];
  });
  drawPicture(context, drawn, fillOpacity, framing);
  const picture = canvas.transferToImageBitmap();
  self.postMessage(picture, { transfer: [picture] });
};
