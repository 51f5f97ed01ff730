/** The annotation document of one image: its masks, the object being made, and undo by explicit marks. */

import type { Mask, MaskBody } from "../api/types";
import type { Candidate } from "../decoder/candidates";
import type { Prompt } from "../decoder/prompts";
import { imagePoint } from "../geometry/points";
import { Observable } from "../observable";
import { type Draft, decodedPixels, EMPTY_DRAFT, reopened } from "./draft";
import { fromSegmentation, type Rle } from "./rle";

/** A mask of the document. `order` gives it its colour and its place in the list, and never changes. */
export interface DocumentMask {
  readonly id: string;
  readonly order: number;
  readonly body: MaskBody;
  readonly rle: Rle;
  readonly authorName: string | null;
}

/** Whether a batch found it and nobody has kept it yet; until then it is in no export. */
export function isWaiting({ body }: DocumentMask): boolean {
  return body.review === "waiting";
}

function accepted(mask: DocumentMask): DocumentMask {
  return { ...mask, body: { ...mask.body, review: "accepted" } };
}

export interface EditorState {
  readonly masks: ReadonlyMap<string, DocumentMask>;
  readonly draft: Draft | null;
}

/** What happened to a mask, for whoever saves it: its new content, or null when it is gone. */
export type MaskChange = { readonly id: string; readonly body: MaskBody | null };

/** Undo goes back without limit; steps further back than this are decoded again instead of held in memory. */
const HOLD_ANSWERS = 60;

export interface PromptOptions {
  /** Logits for the decoder, instead of those chosen so far. */
  readonly maskInput?: Float32Array | null;
  /** One step of undo together with the change before, as while a point is dragged. */
  readonly continued?: boolean;
  /** A change by hand that belongs to the same step. */
  readonly also?: (draft: Draft) => Draft;
}

/** Somebody else's version of a mask. */
export interface StoredContent {
  readonly body: MaskBody;
  readonly authorName: string | null;
}

export class Editor extends Observable<EditorState> {
  #undo: EditorState[] = [];
  #redo: EditorState[] = [];
  #nextOrder: number;
  #nextPromptId = 1;
  readonly #onMasksChanged: (changes: MaskChange[]) => void;

  constructor(stored: readonly Mask[], onMasksChanged: (changes: MaskChange[]) => void) {
    super({ masks: new Map(stored.map((mask, order) => [mask.id, fromStored(mask, order)])), draft: null });
    this.#nextOrder = stored.length;
    this.#onMasksChanged = onMasksChanged;
  }

  get canUndo(): boolean {
    return this.#undo.length > 0;
  }

  get canRedo(): boolean {
    return this.#redo.length > 0;
  }

  /** Changes the prompt of the object being made, or begins one. */
  prompt(
    change: (prompt: Prompt) => Prompt,
    { maskInput, continued = false, also = (draft) => draft }: PromptOptions = {},
  ): Draft {
    const draft = also(this.getState().draft ?? EMPTY_DRAFT);
    const prompt = change(draft.prompt);
    const asks = prompt.points.length > 0 || prompt.box !== null;
    const next: Draft = {
      ...draft,
      promptId: this.#nextPromptId++,
      prompt,
      maskInput:
        maskInput === undefined ? (draft.candidates?.[draft.chosen]?.logits ?? draft.maskInput) : maskInput,
      waiting: asks,
      base: decodedPixels(draft),
      candidates: null,
      chosen: 0,
    };
    this.#mark({ ...this.getState(), draft: next }, continued);
    return next;
  }

  /** Changes the object being made by hand, or begins one; the prompt stays as it is. */
  paint(change: (draft: Draft) => Draft): void {
    const draft = this.getState().draft ?? EMPTY_DRAFT;
    const next = change(draft);
    if (next !== draft) this.#mark({ ...this.getState(), draft: next });
  }

  /** Makes a mask of the document the object being made; accepting replaces it. */
  refine(id: string): void {
    const mask = this.getState().masks.get(id);
    if (!mask) return;
    const draft = reopened(id, mask.body, mask.rle, promptOf(mask.body));
    this.#mark({ ...this.getState(), draft: { ...draft, promptId: this.#nextPromptId++ } });
  }

  /** Goes on with an object that was being made when the page died; no step of its own. */
  resume(draft: Draft): void {
    this.set({ ...this.getState(), draft: { ...draft, promptId: this.#nextPromptId++ } });
  }

  /** The decoder's answer. Not a step of its own: undo goes back to the prompt before. False when it came too late. */
  answer(promptId: number, candidates: readonly Candidate[]): boolean {
    const { draft } = this.getState();
    if (draft?.promptId !== promptId || !draft.waiting) return false;
    const chosen = draft.chosen < candidates.length ? draft.chosen : 0;
    this.set({ ...this.getState(), draft: { ...draft, candidates, chosen, waiting: false } });
    return true;
  }

  /** Chooses another candidate; not a step of its own. */
  choose(index: number): void {
    const { draft } = this.getState();
    if (!draft?.candidates?.[index]) return;
    this.set({ ...this.getState(), draft: { ...draft, chosen: index } });
  }

  /** Drops the object being made. */
  drop(): void {
    if (this.getState().draft) this.#mark({ ...this.getState(), draft: null });
  }

  /** Turns the object being made into the mask `id` of the document, which may replace one that was refined. */
  accept(id: string, body: MaskBody, rle: Rle, authorName: string | null): void {
    const order = this.getState().masks.get(id)?.order ?? this.#nextOrder++;
    const mask: DocumentMask = { id, order, body, rle, authorName };
    this.#mark({ masks: new Map(this.getState().masks).set(id, mask), draft: null });
  }

  /** Adds a mask that is not stored yet but was made before this document was opened; no step of its own. */
  insert(id: string, body: MaskBody, authorName: string | null): void {
    const mask = { id, order: this.#nextOrder++, body, rle: fromSegmentation(body.segmentation), authorName };
    this.set({ ...this.getState(), masks: new Map(this.getState().masks).set(id, mask) });
  }

  /** Deletes masks, in one step. */
  delete(...ids: readonly string[]): void {
    const masks = new Map(this.getState().masks);
    for (const id of ids) masks.delete(id);
    if (masks.size < this.getState().masks.size) this.#mark({ ...this.getState(), masks });
  }

  /** Makes annotation of masks that wait for review, in one step. */
  keep(...ids: readonly string[]): void {
    const masks = new Map(this.getState().masks);
    for (const id of ids) {
      const mask = masks.get(id);
      if (mask && isWaiting(mask)) masks.set(id, accepted(mask));
    }
    if (ids.some((id) => masks.get(id) !== this.getState().masks.get(id))) {
      this.#mark({ ...this.getState(), masks });
    }
  }

  /** Brings back a mask that was deleted, in this visit or an earlier one. */
  restore(stored: Mask): void {
    if (this.getState().masks.has(stored.id)) return;
    const mask = fromStored(stored, this.#nextOrder++);
    this.#mark({ ...this.getState(), masks: new Map(this.getState().masks).set(mask.id, mask) });
  }

  /** Gives a mask of the document a label, or takes it away. */
  relabel(id: string, label: string | null): void {
    const mask = this.getState().masks.get(id);
    if (!mask || (mask.body.label ?? null) === label) return;
    // Whoever labels a mask has looked at it.
    const seen = isWaiting(mask) ? accepted(mask) : mask;
    const changed = { ...seen, body: { ...seen.body, label } };
    this.#mark({ ...this.getState(), masks: new Map(this.getState().masks).set(id, changed) });
  }

  undo(): void {
    const previous = this.#undo.pop();
    if (!previous) return;
    this.#redo.push(this.getState());
    this.#become(previous);
  }

  redo(): void {
    const next = this.#redo.pop();
    if (!next) return;
    this.#undo.push(this.getState());
    this.#become(next);
  }

  /**
   * Takes in what the server holds for a mask, in every state that undo can reach, without saving it again.
   * `copyId`: the person's own version of it is kept under this id.
   */
  reconcile(id: string, stored: StoredContent | null, copyId: string | null): void {
    const own = this.getState().masks.get(id);
    const order = own?.order ?? this.#nextOrder++;
    const storedMask = stored && {
      id,
      order,
      body: stored.body,
      rle: fromSegmentation(stored.body.segmentation),
      authorName: stored.authorName,
    };
    const copy = own && copyId ? { ...own, id: copyId, order: this.#nextOrder++ } : null;
    const rewrite = (state: EditorState): EditorState => {
      const masks = new Map(state.masks);
      const had = masks.has(id);
      if (storedMask) masks.set(id, storedMask);
      else masks.delete(id);
      if (copy && had) masks.set(copy.id, copy);
      return { ...state, masks };
    };
    this.#undo = this.#undo.map(rewrite);
    this.#redo = this.#redo.map(rewrite);
    this.set(rewrite(this.getState()));
  }

  #mark(next: EditorState, continued = false): void {
    if (!continued) this.#undo.push(this.getState());
    const old = this.#undo[this.#undo.length - HOLD_ANSWERS];
    if (old) this.#undo[this.#undo.length - HOLD_ANSWERS] = withoutAnswer(old);
    this.#redo = [];
    this.#become(next);
  }

  #become(next: EditorState): void {
    const before = this.getState().masks;
    this.set(next);
    if (before !== next.masks) {
      const changes = differences(before, next.masks);
      if (changes.length > 0) this.#onMasksChanged(changes);
    }
  }
}

/** The answer's logits are the bulk of a state. Going back to it asks the decoder the same again. */
function withoutAnswer(state: EditorState): EditorState {
  const { draft } = state;
  if (!draft?.candidates) return state;
  return { ...state, draft: { ...draft, base: decodedPixels(draft), candidates: null, waiting: true } };
}

function differences(
  before: ReadonlyMap<string, DocumentMask>,
  after: ReadonlyMap<string, DocumentMask>,
): MaskChange[] {
  const changes: MaskChange[] = [];
  for (const id of before.keys()) {
    if (!after.has(id)) changes.push({ id, body: null });
  }
  for (const [id, mask] of after) {
    if (before.get(id)?.body !== mask.body) changes.push({ id, body: mask.body });
  }
  return changes;
}

/** Only what a client may send; what the server adds stays behind. */
export function bodyOf(mask: Mask): MaskBody {
  return {
    segmentation: mask.segmentation,
    stage: mask.stage,
    label: mask.label,
    predicted_iou: mask.predicted_iou,
    stability_score: mask.stability_score,
    crop_box: mask.crop_box,
    prompts: mask.prompts,
    candidate_index: mask.candidate_index,
    candidates_iou: mask.candidates_iou,
    model_id: mask.model_id,
    active_ms: mask.active_ms,
    idle_ms: mask.idle_ms,
    // A rejected mask that is brought back is accepted by that.
    review: mask.review === "waiting" ? "waiting" : mask.review && "accepted",
  };
}

/** The prompt a mask was made from. */
function promptOf({ prompts: { points, box } }: MaskBody): Prompt {
  const [left, top, right, bottom] = box ?? [];
  return {
    points: points.map(({ x, y, label }) => ({ at: imagePoint(x, y), label: label === 0 ? 0 : 1 })),
    box:
      left === undefined || top === undefined || right === undefined || bottom === undefined
        ? null
        : { topLeft: imagePoint(left, top), bottomRight: imagePoint(right, bottom) },
  };
}

function fromStored(mask: Mask, order: number): DocumentMask {
  return {
    id: mask.id,
    order,
    body: bodyOf(mask),
    rle: fromSegmentation(mask.segmentation),
    authorName: mask.author_name,
  };
}
