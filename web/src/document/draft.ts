/** The object being made: a prompt, the decoder's answer to it, and what was painted by hand. */

import type { MaskBody } from "../api/types";
import type { Candidate } from "../decoder/candidates";
import { FOREGROUND, type Prompt, type PromptPoint } from "../decoder/prompts";
import type { Size } from "../geometry/points";
import type { Rle } from "./rle";
import { contains, difference, emptyRle, isEmpty, union } from "./rle_operations";
import { withoutPartAt } from "./rle_parts";

export interface Draft {
  /** Names the prompt, so that an answer to an older one is recognised. */
  readonly promptId: number;
  readonly prompt: Prompt;
  /** Logits fed back to the decoder with this prompt: those chosen for the prompt before it. */
  readonly maskInput: Float32Array | null;
  /** The prompt has no answer yet. */
  readonly waiting: boolean;
  readonly candidates: readonly Candidate[] | null;
  readonly chosen: number;
  /** Pixels before the answer: those of the answer before it, or of the mask that is refined. */
  readonly base: Rle | null;
  /** Painted and erased by hand; neither yields to the decoder. No pixel is in both. */
  readonly painted: Rle | null;
  readonly erased: Rle | null;
  /** Strokes of the brush and the eraser, and polygons. */
  readonly strokes: number;
  /** The mask of the document that this will replace; null: it becomes a new one. */
  readonly refines: string | null;
  /** Of the mask that is refined; a new one takes the label in the hand when it is accepted. */
  readonly label: string | null;
}

export type StrokeMode = "paint" | "erase";

export const NO_PROMPT: Prompt = { points: [], box: null };

export const EMPTY_DRAFT: Draft = {
  promptId: 0,
  prompt: NO_PROMPT,
  maskInput: null,
  waiting: false,
  candidates: null,
  chosen: 0,
  base: null,
  painted: null,
  erased: null,
  strokes: 0,
  refines: null,
  label: null,
};

/** What the decoder said last, without what was painted. */
export function decodedPixels({ candidates, chosen, base }: Draft): Rle | null {
  return candidates?.[chosen]?.mask ?? base;
}

export function isPainted({ painted, erased }: Draft): boolean {
  return painted !== null || erased !== null;
}

const composed = new WeakMap<Draft, Rle>();

/** The object as it is now; null while there is nothing to show. Composed once per draft. */
export function draftPixels(draft: Draft): Rle | null {
  const decoded = decodedPixels(draft);
  if (!isPainted(draft)) return decoded;
  let pixels = composed.get(draft) ?? null;
  if (!pixels) {
    const { painted, erased } = draft;
    pixels = painted && decoded ? union(decoded, painted) : (painted ?? decoded);
    if (pixels && erased) pixels = difference(pixels, erased);
    if (pixels) composed.set(draft, pixels);
  }
  return pixels;
}

/** The draft with pixels added or taken away by hand. */
export function withStroke(draft: Draft, stroke: Rle, mode: StrokeMode): Draft {
  const more = (old: Rle | null): Rle => (old ? union(old, stroke) : stroke);
  const less = (old: Rle | null): Rle | null => old && orNull(difference(old, stroke));
  return mode === "paint"
    ? { ...draft, painted: more(draft.painted), erased: less(draft.erased) }
    : { ...draft, painted: less(draft.painted), erased: more(draft.erased) };
}

/** A mask of the document as an object to go on with. What was made by hand stays until it is painted or clicked away. */
export function reopened(id: string, body: MaskBody, rle: Rle, prompt: Prompt): Draft {
  const strokes = body.prompts.strokes ?? 0;
  const byHand = strokes > 0 || (prompt.points.length === 0 && prompt.box === null && body.model_id == null);
  return {
    ...EMPTY_DRAFT,
    ...{ prompt, strokes, base: rle, refines: id, label: body.label ?? null },
    painted: byHand ? rle : null,
  };
}

/** The draft edited by hand so that it has exactly these pixels. */
export function withPixels(draft: Draft, pixels: Rle): Draft {
  const before = draftPixels(draft) ?? emptyRle(pixels);
  const added = withStroke(draft, difference(pixels, before), "paint");
  return withStroke(added, difference(before, pixels), "erase");
}

/** A click is newer than the paint below it: a part painted the other way there is given back to the decoder. */
export function withoutPaintAt(draft: Draft, { at, label }: PromptPoint): Draft {
  const name = label === FOREGROUND ? "erased" : "painted";
  const opposed = draft[name];
  if (!opposed || !contains(opposed, at.x, at.y)) return draft;
  return { ...draft, [name]: orNull(withoutPartAt(opposed, at.x, at.y)) };
}

function orNull(rle: Rle): Rle | null {
  return isEmpty(rle) ? null : rle;
}

/** What is to be known of a draft to go on with it later; the decoder is asked again. */
export interface DraftRecord {
  readonly imageId: string;
  readonly draft: Omit<Draft, "promptId" | "candidates">;
  /** Time spent on it so far. */
  readonly activeMs: number;
  readonly idleMs: number;
}

/** Null where the image is another one by now. */
export function draftFrom({ draft }: DraftRecord, image: Size): Draft | null {
  const sizes = [draft.base, draft.painted, draft.erased].filter((rle) => rle !== null);
  if (sizes.some(({ width, height }) => width !== image.width || height !== image.height)) return null;
  return { ...EMPTY_DRAFT, ...draft };
}
