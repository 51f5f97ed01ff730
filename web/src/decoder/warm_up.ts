/** What a graphics card compiles with its first answer, done before a person asks. */

import { modelFrame } from "../geometry/model_frame";
import { imagePoint } from "../geometry/points";
import type { LocalDecoder } from "./local_decoder";
import { FOREGROUND, type Prompt, toModelInput } from "./prompts";

const CHANNELS = 256;
/** Pixels of the model's square to one position of its embedding. */
const PATCH = 16;
const NO_IMAGE = "warm-up";

/** One click on an embedding of zeros. Rejects as the decoder does. */
export async function warmUp(decoder: LocalDecoder, imageSize: number): Promise<void> {
  await decoder.prepare(NO_IMAGE, new Uint16Array(CHANNELS * (imageSize / PATCH) ** 2));
  const frame = modelFrame({ width: imageSize, height: imageSize }, imageSize);
  const click: Prompt = { points: [{ at: imagePoint(0, 0), label: FOREGROUND }], box: null };
  await decoder.decode(NO_IMAGE, toModelInput(click, frame), null);
}
