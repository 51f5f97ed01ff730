/** The annotation document of one image: its masks, the object being made, and undo by explicit marks. */

import type { Mask, MaskBody } from "../api/types";
import type { Candidate } from "../decoder/candidates";
import type { Prompt } from "../decoder/prompts";
import { Observable } from "../observable";
import { fromSegmentation, type Rle } from "./rle";

/** A mask of the document. `order` gives it its colour and its place in the list, and never changes. */
export interface DocumentMask {
  readonly id: string;
  readonly order: number;
  readonly body: MaskBody;
  readonly rle: Rle;
  readonly authorName: string | null;
}

/** The object being made. `candidates` is null until the prompt's answer has come. */
export interface Draft {
  /** Names the prompt, so that an answer to an older one is recognised. */
  readonly promptId: number;
  readonly prompt: Prompt;
  readonly candidates: readonly Candidate[] | null;
  readonly chosen: number;
  /** Logits fed back to the decoder with this prompt: those chosen for the prompt before it. */
  readonly maskInput: Float32Array | null;
}

export interface EditorState {
  readonly masks: ReadonlyMap<string, DocumentMask>;
  readonly draft: Draft | null;
}

/** What happened to a mask, for whoever saves it: its new content, or null when it is gone. */
export type MaskChange = { readonly id: string; readonly body: MaskBody | null };

const UNDO_LIMIT = 200;

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

  /** Changes the prompt of the object being made, or begins one. The logits chosen so far go along. */
  prompt(change: (prompt: Prompt) => Prompt): Draft {
    const { draft } = this.getState();
    const next: Draft = {
      promptId: this.#nextPromptId++,
      prompt: change(draft?.prompt ?? { points: [], box: null }),
      candidates: null,
      chosen: 0,
      maskInput: draft?.candidates?.[draft.chosen]?.logits ?? null,
    };
    this.#mark({ ...this.getState(), draft: next });
    return next;
  }

  /** The decoder's answer. Not a step of its own: undo goes back to the prompt before. False when it came too late. */
  answer(promptId: number, candidates: readonly Candidate[]): boolean {
    const { draft } = this.getState();
    if (draft?.promptId !== promptId || draft.candidates) return false;
    this.set({ ...this.getState(), draft: { ...draft, candidates } });
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

  /** Turns the object being made into a mask of the document. */
  accept(id: string, body: MaskBody, rle: Rle, authorName: string | null): void {
    const mask: DocumentMask = { id, order: this.#nextOrder++, body, rle, authorName };
    this.#mark({ masks: new Map(this.getState().masks).set(id, mask), draft: null });
  }

  /** Adds a mask that is not stored yet but was made before this document was opened; no step of its own. */
  insert(id: string, body: MaskBody, authorName: string | null): void {
    const mask = { id, order: this.#nextOrder++, body, rle: fromSegmentation(body.segmentation), authorName };
    this.set({ ...this.getState(), masks: new Map(this.getState().masks).set(id, mask) });
  }

  delete(id: string): void {
    if (!this.getState().masks.has(id)) return;
    const masks = new Map(this.getState().masks);
    masks.delete(id);
    this.#mark({ ...this.getState(), masks });
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
  reconcile(id: string, stored: Mask | null, copyId: string | null): void {
    const own = this.getState().masks.get(id);
    const order = own?.order ?? this.#nextOrder++;
    const storedMask = stored && !stored.deleted_at ? fromStored(stored, order) : null;
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

  #mark(next: EditorState): void {
    this.#undo.push(this.getState());
    if (this.#undo.length > UNDO_LIMIT) this.#undo.shift();
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
