/** The image at full size and halved again and again, so that a zoomed-out view is cheap to draw and does not shimmer. */

import type { Size } from "../geometry/points";

const SMALLEST_SIDE = 512;

export class ImagePyramid {
  readonly #levels: ImageBitmap[];

  private constructor(levels: ImageBitmap[]) {
    this.#levels = levels;
  }

  /** Decodes off the page's thread. Throws when the browser cannot read the file. */
  static async load(url: string, signal: AbortSignal): Promise<ImagePyramid> {
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`The image could not be loaded (status ${response.status}).`);
    const levels = [await createImageBitmap(await response.blob())];
    for (;;) {
      const last = levels[levels.length - 1] as ImageBitmap;
      if (signal.aborted || Math.max(last.width, last.height) / 2 < SMALLEST_SIDE) break;
      levels.push(
        await createImageBitmap(last, {
          resizeWidth: Math.ceil(last.width / 2),
          resizeHeight: Math.ceil(last.height / 2),
          resizeQuality: "medium",
        }),
      );
    }
    return new ImagePyramid(levels);
  }

  /** Draws over the image frame's rectangle; `scale` is device pixels per image pixel. */
  draw(context: CanvasRenderingContext2D, image: Size, scale: number): void {
    const wanted = Math.floor(Math.log2(1 / Math.max(scale, 1e-6)));
    const level = this.#levels[Math.min(Math.max(wanted, 0), this.#levels.length - 1)];
    if (level) context.drawImage(level, 0, 0, image.width, image.height);
  }

  close(): void {
    for (const level of this.#levels) level.close();
  }
}
