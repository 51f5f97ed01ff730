/** The model-input frame of one image. */

import { type ImagePoint, type ModelPoint, modelPoint, type Size } from "./points";

/**
 * How an image is resized for the model: longer side to `imageSize`, the shorter rounded half up, padded with zeros
 * on the right and below (`ResizeLongestSide` of the published predictor).
 */
export interface ModelFrame {
  readonly image: Size;
  /** Side of the padded square the model sees. */
  readonly imageSize: number;
  /** Size of the image within that square. */
  readonly input: Size;
}

export function modelFrame(image: Size, imageSize: number): ModelFrame {
  const scale = imageSize / Math.max(image.width, image.height);
  return {
    image,
    imageSize,
    input: {
      width: Math.floor(image.width * scale + 0.5),
      height: Math.floor(image.height * scale + 0.5),
    },
  };
}

export function toModel(frame: ModelFrame, point: ImagePoint): ModelPoint {
  return modelPoint(
    point.x * (frame.input.width / frame.image.width),
    point.y * (frame.input.height / frame.image.height),
  );
}
