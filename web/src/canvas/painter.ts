/** Paints one frame: image, stored masks, the object being made, its prompt. */

import type { OpenPolygon } from "../annotation/shown";
import type { Prompt, PromptBox } from "../decoder/prompts";
import type { Rle } from "../document/rle";
import type { ImagePoint, Size } from "../geometry/points";
import type { View } from "../geometry/view";
import { Backdrop } from "./backdrop";
import { ACCENT } from "./colours";
import {
  drawBox,
  drawBrush,
  drawCross,
  drawMask,
  drawOpenPolygon,
  drawPoint,
  drawPreview,
  setImageFrame,
  setScreenFrame,
} from "./draw";
import type { ImagePyramid } from "./image_pyramid";
import { MaskLayer, type MaskLayerContent } from "./mask_layer";
import { maskPath } from "./outline";
import { pictureMaker } from "./picture_maker";

export interface Scene {
  readonly image: Size;
  readonly pyramid: ImagePyramid | null;
  readonly brightness: number;
  readonly contrast: number;
  readonly stored: MaskLayerContent | null;
  /** The object being made; `pixels` with the stroke that is being drawn. */
  readonly prompt: Prompt | null;
  readonly pixels: Rle | null;
  readonly fillOpacity: number;
  readonly selectedPoint: number | null;
  /** What a click would make. */
  readonly preview: Rle | null;
  readonly rubberBand: PromptBox | null;
  readonly polygon: OpenPolygon | null;
  readonly cross: ImagePoint | null;
  readonly brush: { readonly at: ImagePoint; readonly diameter: number } | null;
}

export class Painter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #backdrop = new Backdrop(() => this.onOutdated());
  readonly #layer = new MaskLayer(pictureMaker(), () => this.onOutdated());
  readonly #closing = new AbortController();

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d", { alpha: false });
    if (!context) throw new Error("This browser has no 2D canvas.");
    this.#canvas = canvas;
    this.#context = context;
    const { signal } = this.#closing;
    const restored = (): void => {
      this.#layer.forget();
      this.onOutdated();
    };
    canvas.addEventListener("contextrestored", restored, { signal });
  }

  /** `size` is the canvas in CSS pixels; `background` what lies around the image. */
  paint(scene: Scene, view: View, size: Size, pixelRatio: number, background: string): void {
    const context = this.#context;
    this.#fitBackingStore(size, pixelRatio);
    const { image, pyramid, brightness, contrast } = scene;
    this.#backdrop.draw(
      context,
      { image, pyramid, brightness, contrast, background },
      view,
      size,
      pixelRatio,
    );
    if (scene.stored) this.#layer.draw(context, scene.stored, { view, size, pixelRatio });
    this.#paintDraft(scene, view, pixelRatio);
  }

  close(): void {
    this.#closing.abort();
    this.#layer.close();
  }

  #fitBackingStore(size: Size, pixelRatio: number): void {
    const width = Math.round(size.width * pixelRatio);
    const height = Math.round(size.height * pixelRatio);
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
  }

  /** Called when painting again gives a better picture than the last time; set by the owner. */
  onOutdated: () => void = () => undefined;

  #paintDraft(scene: Scene, view: View, pixelRatio: number): void {
    const context = this.#context;
    const { prompt, pixels, rubberBand, fillOpacity, preview, polygon, brush, cross } = scene;
    setImageFrame(context, view, pixelRatio);
    if (preview) drawPreview(context, maskPath(preview, view.zoom * pixelRatio), view.zoom, ACCENT);
    if (pixels) {
      drawMask(context, maskPath(pixels, view.zoom * pixelRatio), view.zoom, {
        colour: ACCENT,
        fillOpacity,
        emphasis: "normal",
      });
    }
    if (prompt?.box) drawBox(context, prompt.box, view.zoom, ACCENT, true);
    if (rubberBand) drawBox(context, rubberBand, view.zoom, "#fff", false);
    setScreenFrame(context, pixelRatio);
    for (const [index, point] of (prompt?.points ?? []).entries()) {
      drawPoint(context, point, view, index === scene.selectedPoint);
    }
    if (polygon) drawOpenPolygon(context, polygon, view, ACCENT);
    if (brush) drawBrush(context, brush.at, brush.diameter, view);
    if (cross) drawCross(context, cross, view);
  }
}
