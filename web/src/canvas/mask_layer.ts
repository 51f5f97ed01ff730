/** The stored masks, drawn once and reused while only the view moves. */

import type { DocumentMask } from "../document/editor";
import type { Size } from "../geometry/points";
import type { View } from "../geometry/view";
import { type Colouring, colourOf } from "./colours";
import { drawMask, setImageFrame } from "./draw";
import { maskPath } from "./outline";

export interface MaskLayerContent {
  readonly masks: readonly DocumentMask[];
  readonly fillOpacity: number;
  readonly colourBy: Colouring;
  /** The labels' colours. */
  readonly labels: ReadonlyMap<string, string>;
  readonly selectedId: string | null;
  readonly hoveredId: string | null;
}

/** Drawn this much beyond the canvas on each side, as a share of it, so that a pan finds something to show. */
const MARGIN = 0.25;

/**
 * A pan shifts the drawing made before, and a zoom stretches it until `settle` draws it anew: either costs one copy,
 * however many masks there are.
 */
export class MaskLayer {
  readonly #canvas = document.createElement("canvas");
  #content: MaskLayerContent | null = null;
  #view: View | null = null;
  #size: Size = { width: 0, height: 0 };
  #pixelRatio = 1;

  /** @param onRestored called when a graphics card that failed had taken the drawing along, and a new one can be made. */
  constructor(onRestored: () => void) {
    this.#canvas.addEventListener("contextrestored", () => {
      this.#view = null;
      onRestored();
    });
  }

  /** Copies the layer to `target`. True when what was copied is not exact and `settle` should follow. */
  draw(
    target: CanvasRenderingContext2D,
    content: MaskLayerContent,
    view: View,
    size: Size,
    pixelRatio: number,
  ): boolean {
    if (content.masks.length === 0) return false;
    const sameSize =
      size.width === this.#size.width && size.height === this.#size.height && pixelRatio === this.#pixelRatio;
    if (!this.#view || !sameSize || !sameContent(content, this.#content)) {
      this.settle(content, view, size, pixelRatio);
    }
    const drawn = this.#view as View;
    const ratio = view.zoom / drawn.zoom;
    const left = view.originX - (drawn.originX + size.width * MARGIN) * ratio;
    const top = view.originY - (drawn.originY + size.height * MARGIN) * ratio;
    target.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
    target.imageSmoothingEnabled = ratio !== 1;
    const full = 1 + 2 * MARGIN;
    const width = size.width * full * ratio;
    const height = size.height * full * ratio;
    target.drawImage(this.#canvas, left, top, width, height);
    const covers = left <= 0 && top <= 0 && left + width >= size.width && top + height >= size.height;
    return ratio !== 1 || !covers;
  }

  settle(content: MaskLayerContent, view: View, size: Size, pixelRatio: number): void {
    this.#content = content;
    this.#view = view;
    this.#size = size;
    this.#pixelRatio = pixelRatio;
    this.#canvas.width = Math.round(size.width * (1 + 2 * MARGIN) * pixelRatio);
    this.#canvas.height = Math.round(size.height * (1 + 2 * MARGIN) * pixelRatio);
    const context = this.#canvas.getContext("2d");
    if (!context) return;
    const shifted = {
      zoom: view.zoom,
      originX: view.originX + size.width * MARGIN,
      originY: view.originY + size.height * MARGIN,
    };
    setImageFrame(context, shifted, pixelRatio);
    const strong = (mask: DocumentMask): boolean =>
      mask.id === content.selectedId || mask.id === content.hoveredId;
    const others = content.masks.some(strong) ? "faint" : "normal";
    // Those singled out come last, so that nothing lies over them.
    for (const mask of [...content.masks].sort((a, b) => Number(strong(a)) - Number(strong(b)))) {
      drawMask(context, maskPath(mask.rle, view.zoom * pixelRatio), view.zoom, {
        colour: colourOf(mask, content.colourBy, content.labels),
        fillOpacity: content.fillOpacity,
        emphasis: strong(mask) ? "strong" : others,
      });
    }
  }
}

function sameContent(a: MaskLayerContent, b: MaskLayerContent | null): boolean {
  return (
    b !== null &&
    a.masks === b.masks &&
    a.fillOpacity === b.fillOpacity &&
    a.colourBy === b.colourBy &&
    a.labels === b.labels &&
    a.selectedId === b.selectedId &&
    a.hoveredId === b.hoveredId
  );
}
