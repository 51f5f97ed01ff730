/** Points branded by their frame, so that a screen position can never be used as an image position. */

declare const frame: unique symbol;

interface Framed<Frame extends string> {
  readonly x: number;
  readonly y: number;
  readonly [frame]: Frame;
}

/** CSS pixels from the top-left corner of the canvas element. */
export type ScreenPoint = Framed<"screen">;

/** Original image pixels, continuous: x right, y down, pixel (0, 0) covers [0, 1) × [0, 1). */
export type ImagePoint = Framed<"image">;

/** The model-input frame: the image resized so that its longer side is the model's image size. */
export type ModelPoint = Framed<"model">;

export const screenPoint = (x: number, y: number): ScreenPoint => ({ x, y }) as ScreenPoint;
export const imagePoint = (x: number, y: number): ImagePoint => ({ x, y }) as ImagePoint;
export const modelPoint = (x: number, y: number): ModelPoint => ({ x, y }) as ModelPoint;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The index of the pixel a continuous image position falls on; prompts name pixels by their index. */
export function pixelAt(point: ImagePoint): ImagePoint {
  return imagePoint(Math.floor(point.x), Math.floor(point.y));
}

export function samePixel(a: ImagePoint | null, b: ImagePoint | null): boolean {
  return a !== null && b !== null && a.x === b.x && a.y === b.y;
}

export function isInside(point: ImagePoint, size: Size): boolean {
  return point.x >= 0 && point.y >= 0 && point.x < size.width && point.y < size.height;
}

export function clampToImage(point: ImagePoint, size: Size): ImagePoint {
  return imagePoint(Math.min(Math.max(point.x, 0), size.width), Math.min(Math.max(point.y, 0), size.height));
}
