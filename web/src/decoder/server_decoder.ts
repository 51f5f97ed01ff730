/** Decoding on the server, for browsers that cannot. */

import { type Api, unwrap } from "../api/client";
import type { Decoded } from "./candidates";
import { floatToHalf, fromBase64, halfToFloat, toBase64 } from "./half";
import { type Prompt, toWire } from "./prompts";

export async function decodeOnServer(
  api: Api,
  imageId: string,
  modelId: string,
  prompt: Prompt,
  maskInput: Float32Array | null,
): Promise<Decoded> {
  const { points, box } = toWire(prompt);
  const answer = await unwrap(
    api.POST("/api/v1/images/{image_id}/decode", {
      params: { path: { image_id: imageId } },
      body: {
        model_id: modelId,
        points,
        box: box ?? null,
        mask_input: maskInput ? toBase64(new Uint8Array(floatToHalf(maskInput).buffer)) : null,
      },
    }),
  );
  const bytes = fromBase64(answer.low_res_logits);
  return {
    logits: halfToFloat(new Uint16Array(bytes.buffer, 0, bytes.length / 2)),
    predictedIou: answer.predicted_iou,
  };
}
