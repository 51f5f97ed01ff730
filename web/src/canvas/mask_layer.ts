/** The stored masks: a picture of them that is made beside the page's thread, and on it what is newer or singled out. */

import { type DocumentMask, isWaiting } from "../document/editor";
import type { Rle } from "../document/rle";
import { type Colouring, colourOf } from "./colours";
import { drawMask, type MaskStyle, setImageFrame } from "./draw";
import { type ColouredMask, type Framing, pictureIn } from "./mask_picture";
import { maskPath } from "./outline";
import type { PictureMaker } from "./picture_maker";

export interface MaskLayerContent {
  readonly masks: readonly DocumentMask[];
  readonly fillOpacity: number;
  readonly colourBy: Colouring;
  /** The labels' colours. */
  readonly labels: ReadonlyMap<string, string>;
  readonly selectedId: string | null;
  readonly hoveredId: string | null;
}

/** What the picture shows. */
interface Shown {
  readonly by: readonly unknown[];
  readonly rles: ReadonlySet<Rle>;
  readonly framing: Framing;
}

/** Of masks while another one is singled out. */
const FAINT = 0.55;
/** Masks that the picture does not have yet are drawn one by one, up to so many. */
const MOST_DRAWN_SINGLY = 8;

/**
 * Whatever the view does costs one copy of the picture, however many masks there are: it is shifted by a pan and
 * stretched by a zoom until a new one is there. A mask that was just accepted is drawn on top until then.
 */
export class MaskLayer {
  readonly #maker: PictureMaker;
  readonly #onPicture: () => void;
  #picture: ImageBitmap | HTMLCanvasElement | null = null;
  #shown: Shown | null = null;
  #making = false;
  #closed = false;

  /** @param onPicture called when there is a better picture than the one drawn last. */
  constructor(maker: PictureMaker, onPicture: () => void) {
    this.#maker = maker;
    this.#onPicture = onPicture;
  }

  draw(target: CanvasRenderingContext2D, content: MaskLayerContent, framing: Framing): void {
    const { view, pixelRatio } = framing;
    const singled = content.masks.filter(({ id }) => id === content.selectedId || id === content.hoveredId);
    if (content.masks.length > 0) this.#bring(content, framing);
    if (this.#picture && this.#shown && content.masks.length > 0) {
      const { left, top, width, height } = pictureIn(view, this.#shown.framing);
      target.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
      target.imageSmoothingEnabled = view.zoom !== this.#shown.framing.view.zoom;
      target.globalAlpha = singled.length > 0 ? FAINT : 1;
      target.drawImage(this.#picture, left, top, width, height);
      target.globalAlpha = 1;
    }
    setImageFrame(target, view, pixelRatio);
    const shown = this.#shown?.rles;
    const missing = shown ? content.masks.filter(({ rle }) => !shown.has(rle)) : [];
    const draw = (mask: DocumentMask, emphasis: MaskStyle["emphasis"]): void =>
      drawMask(target, maskPath(mask.rle, view.zoom * pixelRatio), view.zoom, {
        colour: colourOf(mask, content.colourBy, content.labels),
        fillOpacity: content.fillOpacity,
        emphasis,
        offered: isWaiting(mask),
      });
    if (missing.length <= MOST_DRAWN_SINGLY) for (const mask of missing) draw(mask, "normal");
    for (const mask of singled) draw(mask, "strong");
  }

  /** The graphics card lost the picture. */
  forget(): void {
    this.#keep(null, null);
  }

  close(): void {
    this.#closed = true;
    this.#keep(null, null);
    this.#maker.close();
  }

  /** Has the picture made, unless it is as it should be. One at a time; what is wanted after that is found by drawing. */
  #bring(content: MaskLayerContent, framing: Framing): void {
    const { masks, fillOpacity, colourBy, labels } = content;
    const by = [masks, fillOpacity, colourBy, labels];
    if (this.#making || (this.#shown && isExact(this.#shown, by, framing))) return;
    this.#making = true;
    const coloured: ColouredMask[] = masks.map((mask) => ({
      rle: mask.rle,
      colour: colourOf(mask, colourBy, labels),
      offered: isWaiting(mask),
    }));
    this.#maker.make({ masks: coloured, fillOpacity, framing }, (picture) => {
      this.#making = false;
      if (this.#closed) return;
      this.#keep(picture, { by, rles: new Set(masks.map(({ rle }) => rle)), framing });
      this.#onPicture();
    });
  }

  #keep(picture: ImageBitmap | HTMLCanvasElement | null, shown: Shown | null): void {
    if (this.#picture && "close" in this.#picture) this.#picture.close();
    this.#picture = picture;
    this.#shown = shown;
  }
}

function isExact(shown: Shown, by: readonly unknown[], { view, size, pixelRatio }: Framing): boolean {
  const { framing } = shown;
  const { left, top, width, height } = pictureIn(view, framing);
  return (
    shown.by.every((value, i) => value === by[i]) &&
    view.zoom === framing.view.zoom &&
    pixelRatio === framing.pixelRatio &&
    left <= 0 &&
    top <= 0 &&
    left + width >= size.width &&
    top + height >= size.height
  );
}
