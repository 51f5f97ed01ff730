/** What is stored with a mask about how it came to be. */

import type { MaskBody } from "../api/types";
import { stabilityScore } from "../decoder/candidates";
import { toWire } from "../decoder/prompts";
import type { Upscaler } from "../decoder/upscale";
import type { ActiveTime } from "../document/active_time";
import { type Draft, isPainted } from "../document/draft";
import { type Rle, toSegmentation } from "../document/rle";
import type { Size } from "../geometry/points";

export interface MakingOf {
  readonly draft: Draft;
  readonly pixels: Rle;
  readonly image: Size;
  /** What was stored of the mask that is refined. */
  readonly refined: MaskBody | null;
  /** Of the work on this image: what a new mask belongs to. */
  readonly stage: MaskBody["stage"];
  readonly label: string | null;
  readonly modelId: string | null;
  readonly upscaler: Upscaler | null;
  readonly time: ActiveTime;
}

export function provenance({
  draft,
  pixels,
  image,
  refined,
  stage,
  label,
  modelId,
  upscaler,
  time,
}: MakingOf): MaskBody {
  const candidate = draft.candidates?.[draft.chosen];
  // The decoder's estimates are of its own mask, not of one that was painted on.
  const judged = candidate && !isPainted(draft) ? candidate : null;
  const { points, box } = toWire(draft.prompt);
  return {
    segmentation: toSegmentation(pixels),
    stage: refined ? stageAfterRefining(refined.stage) : stage,
    label,
    predicted_iou: judged?.predictedIou ?? null,
    stability_score: judged && upscaler ? stabilityScore(judged.logits, upscaler) : null,
    crop_box: [0, 0, image.width, image.height],
    prompts: { points, box: box ?? null, strokes: draft.strokes },
    candidate_index: candidate ? draft.chosen : null,
    candidates_iou: draft.candidates?.map(({ predictedIou }) => predictedIou) ?? null,
    model_id: candidate ? modelId : (refined?.model_id ?? null),
    active_ms: Math.round(time.activeMs) + (refined?.active_ms ?? 0),
    idle_ms: Math.round(time.idleMs) + (refined?.idle_ms ?? 0),
  };
}

/** A mask stays what it was made as, except that what a person corrected is no longer the machine's alone. */
function stageAfterRefining(stage: MaskBody["stage"]): MaskBody["stage"] {
  return stage === "automatic" ? "semi_automatic" : stage;
}

/** New masks on an image that came with a machine's masks belong to the semi-automatic stage (paper, section 4). */
export function stageOfWork(masks: Iterable<{ readonly body: MaskBody }>): MaskBody["stage"] {
  for (const { body } of masks) if (body.stage === "semi_automatic") return "semi_automatic";
  return "manual";
}
