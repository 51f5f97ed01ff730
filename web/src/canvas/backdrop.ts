/** The image and what lies around it, drawn once and copied while the view stays where it is. */

import type { Size } from "../geometry/points";
import type { View } from "../geometry/view";
import { setImageFrame, setScreenFrame } from "./draw";
import type { ImagePyramid } from "./image_pyramid";

export interface BackdropContent {
  readonly image: Size;
  readonly pyramid: ImagePyramid | null;
  /** 1 leaves the image as it is. */
  readonly brightness: number;
  readonly contrast: number;
  /** Around the image. */
  readonly background: string;
}

export class Backdrop {
  readonly #canvas = document.createElement("canvas");
  readonly #context = this.#canvas.getContext("2d", { alpha: false });
  #seen: readonly unknown[] = [];
  #kept: readonly unknown[] = [];

  /** @param onRestored called when a graphics card that failed had taken the drawing along, and a new one can be made. */
  constructor(onRestored: () => void) {
    this.#canvas.addEventListener("contextrestored", () => {
      this.#kept = [];
      onRestored();
    });
  }

  /** Scaling an image costs many times a copy. A view that is seen only once, as in a pan, is not worth keeping. */
  draw(
    target: CanvasRenderingContext2D,
    content: BackdropContent,
    view: View,
    size: Size,
    pixelRatio: number,
  ): void {
    const { image, pyramid, background, brightness, contrast } = content;
    const key = [
      image,
      pyramid,
      background,
      brightness,
      contrast,
      view,
      target.canvas.width,
      target.canvas.height,
      pixelRatio,
    ];
    if (!this.#context || !same(key, this.#seen)) {
      this.#seen = key;
      paint(target, content, view, size, pixelRatio);
      return;
    }
    if (!same(key, this.#kept)) {
      this.#kept = key;
      this.#canvas.width = target.canvas.width;
      this.#canvas.height = target.canvas.height;
      paint(this.#context, content, view, size, pixelRatio);
    }
    target.setTransform(1, 0, 0, 1, 0, 0);
    target.imageSmoothingEnabled = false;
    target.drawImage(this.#canvas, 0, 0);
  }
}

function paint(
  context: CanvasRenderingContext2D,
  { image, pyramid, background, brightness, contrast }: BackdropContent,
  view: View,
  size: Size,
  pixelRatio: number,
): void {
  setScreenFrame(context, pixelRatio);
  context.fillStyle = background;
  context.fillRect(0, 0, size.width, size.height);
  setImageFrame(context, view, pixelRatio);
  context.imageSmoothingEnabled = view.zoom <= 1;
  if (brightness !== 1 || contrast !== 1) context.filter = `brightness(${brightness}) contrast(${contrast})`;
  pyramid?.draw(context, image, view.zoom * pixelRatio);
  context.filter = "none";
}

function same(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
