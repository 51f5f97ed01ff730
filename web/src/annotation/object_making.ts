/** What the person does to the object being made: prompts, choices, paint, and accepting it. */

import type { Candidate } from "../decoder/candidates";
import { logitsOf } from "../decoder/mask_logits";
import type { Prompt, PromptBox, PromptPoint } from "../decoder/prompts";
import type { Upscaler } from "../decoder/upscale";
import type { ActiveClock } from "../document/active_time";
import {
  type Draft,
  draftPixels,
  EMPTY_DRAFT,
  isPainted,
  type StrokeMode,
  withoutPaintAt,
  withPixels,
  withStroke,
} from "../document/draft";
import type { Editor } from "../document/editor";
import { area, type Rle } from "../document/rle";
import { isEmpty, union } from "../document/rle_operations";
import { fillHoles, keepLargestPart } from "../document/rle_parts";
import { brushLine, polygonPixels } from "../document/strokes";
import type { ImagePoint, Size } from "../geometry/points";
import type { Observable } from "../observable";
import { texts } from "../texts";
import { keymap } from "./keymap";
import { provenance, stageOfWork } from "./provenance";
import type { Shown } from "./shown";

/** The model that answers prompts. */
export interface Decoding {
  readonly modelId: string;
  /** Side of the model's padded square. */
  readonly imageSize: number;
  readonly upscaler: Upscaler;
}

export interface ObjectMakingOptions {
  readonly image: Size;
  readonly editor: Editor;
  readonly clock: ActiveClock;
  readonly shown: Observable<Shown>;
  readonly authorName: string;
  /** What the next masks are labelled with. */
  readonly label: Observable<string | null>;
  /** Null while there is no model yet. */
  readonly decoding: () => Decoding | null;
}

export class ObjectMaking {
  readonly #options: ObjectMakingOptions;
  readonly #editor: Editor;
  readonly #shown: Observable<Shown>;
  #promptedAt = 0;
  #acceptWhenAnswered: number | null = null;

  constructor(options: ObjectMakingOptions) {
    this.#options = options;
    this.#editor = options.editor;
    this.#shown = options.shown;
  }

  get draft(): Draft | null {
    return this.#editor.getState().draft;
  }

  // Prompts

  addPoint(point: PromptPoint): void {
    this.#begin();
    const { draft } = this;
    const maskInput = draft && (isPainted(draft) || !draft.candidates) ? this.#logits(draft) : undefined;
    this.#editor.prompt((prompt) => ({ ...prompt, points: [...prompt.points, point] }), {
      ...(maskInput !== undefined && { maskInput }),
      also: (changed) => withoutPaintAt(changed, point),
    });
  }

  /** `continued`: still the same drag, and one step of undo with it. */
  movePoint(index: number, at: ImagePoint, continued: boolean): void {
    this.#changePoints(
      (points) => points.map((point, i) => (i === index ? { ...point, at } : point)),
      continued,
    );
  }

  deletePoint(index: number): void {
    this.#changePoints((points) => points.filter((_, i) => i !== index), false);
  }

  setBox(box: PromptBox): void {
    this.#begin();
    this.#editor.prompt((prompt) => ({ ...prompt, box }));
  }

  /** The decoder's answer to a prompt of this object. */
  answered(promptId: number, candidates: readonly Candidate[]): void {
    if (!this.#editor.answer(promptId, candidates)) return;
    this.#shown.update({ decodeMs: performance.now() - this.#promptedAt, answeredId: promptId });
    if (this.#acceptWhenAnswered === promptId) this.accept();
  }

  chooseCandidate(index: number): void {
    this.#editor.choose(index);
  }

  nextCandidate(step: 1 | -1): void {
    const { draft } = this;
    const count = draft?.candidates?.length ?? 0;
    if (draft && count > 1) this.#editor.choose((draft.chosen + step + count) % count);
  }

  // Paint

  /** Goes on with the stroke, or begins one. */
  paint(mode: StrokeMode, from: ImagePoint, to: ImagePoint, diameter: number): void {
    if (mode === "erase" && !this.#hasPixels()) return;
    const line = brushLine(from, to, diameter, this.#options.image);
    const { stroke } = this.#shown.getState();
    this.#shown.update({
      stroke: { mode, pixels: stroke ? union(stroke.pixels, line) : line },
      notice: null,
    });
  }

  /** Ends the stroke; it becomes one step of undo. */
  endStroke(): void {
    const { stroke } = this.#shown.getState();
    this.#shown.update({ stroke: null });
    if (stroke) this.#apply(stroke.pixels, stroke.mode);
  }

  cancelStroke(): void {
    this.#shown.update({ stroke: null });
  }

  fillPolygon(mode: StrokeMode, vertices: readonly ImagePoint[]): void {
    if (mode === "paint" || this.#hasPixels()) {
      this.#apply(polygonPixels(vertices, this.#options.image), mode);
    }
  }

  fillHoles(): void {
    this.#edit(fillHoles);
  }

  keepLargestPart(): void {
    this.#edit(keepLargestPart);
  }

  // The object as a whole

  /** Opens a stored mask, to be gone on with by clicks or by hand. */
  refine(id: string): void {
    if (this.draft) {
      this.#tell(texts.finishFirst);
      return;
    }
    this.#begin();
    this.#editor.refine(id);
  }

  /** Accepts the object as it is; one that is still being decoded is accepted as soon as the answer is there. */
  accept(): void {
    const { draft } = this;
    if (!draft) return;
    if (draft.waiting) {
      this.#acceptWhenAnswered = draft.promptId;
      return;
    }
    const pixels = draftPixels(draft);
    if (!pixels || area(pixels) === 0) {
      this.#tell(texts.emptyMask(keymap.shown("drop")));
      return;
    }
    const { image, clock, authorName } = this.#options;
    const refined = draft.refines ? (this.#editor.getState().masks.get(draft.refines) ?? null) : null;
    if (refined?.rle === pixels && (refined.body.label ?? null) === draft.label) {
      this.drop();
      this.#editor.keep(refined.id);
      return;
    }
    const decoding = this.#options.decoding();
    const body = provenance({
      draft,
      pixels,
      image,
      refined: refined?.body ?? null,
      stage: stageOfWork(this.#editor.getState().masks.values()),
      label: refined ? draft.label : this.#options.label.getState(),
      modelId: decoding?.modelId ?? null,
      upscaler: decoding?.upscaler ?? null,
      time: clock.read(performance.now()),
    });
    this.#editor.accept(refined?.id ?? crypto.randomUUID(), body, pixels, authorName);
    clock.restart(performance.now());
  }

  /** Labels the mask that is refined; a new one is labelled when it is accepted. */
  relabel(label: string | null): void {
    this.#editor.paint((draft) => (draft.label === label ? draft : { ...draft, label }));
  }

  drop(): void {
    this.#editor.drop();
  }

  #begin(): void {
    this.#promptedAt = performance.now();
    this.#shown.update({ selectedId: null, selectedPoint: null, notice: null });
  }

  /** Points moved or taken away: what earlier answers say of them no longer counts. */
  #changePoints(change: (points: readonly PromptPoint[]) => PromptPoint[], continued: boolean): void {
    const { draft } = this;
    if (!draft) return;
    this.#promptedAt = performance.now();
    const refined = draft.refines ? this.#editor.getState().masks.get(draft.refines)?.rle : undefined;
    const maskInput = refined ? this.#toLogits(refined) : null;
    const changePrompt = (prompt: Prompt): Prompt => ({ ...prompt, points: change(prompt.points) });
    this.#editor.prompt(changePrompt, { maskInput, continued });
    if (!continued) this.#shown.update({ selectedPoint: null });
  }

  #apply(pixels: Rle, mode: StrokeMode): void {
    if (isEmpty(pixels)) return;
    this.#shown.update({ selectedId: null, selectedPoint: null, notice: null });
    this.#editor.paint((draft) => ({ ...withStroke(draft, pixels, mode), strokes: draft.strokes + 1 }));
  }

  #edit(change: (pixels: Rle) => Rle): void {
    const pixels = this.draft && draftPixels(this.draft);
    if (!pixels) return;
    const changed = change(pixels);
    if (area(changed) !== area(pixels)) this.#editor.paint((draft) => withPixels(draft, changed));
  }

  #hasPixels(): boolean {
    if (draftPixels(this.draft ?? EMPTY_DRAFT)) return true;
    this.#tell(texts.nothingToErase(keymap.shown("refine")));
    return false;
  }

  /** The object as the decoder would have said it; undefined while there is nothing. */
  #logits(draft: Draft): Float32Array | null | undefined {
    const pixels = draftPixels(draft);
    return pixels && !draft.waiting ? this.#toLogits(pixels) : undefined;
  }

  #toLogits(pixels: Rle): Float32Array | null {
    const decoding = this.#options.decoding();
    return decoding && logitsOf(pixels, decoding.imageSize);
  }

  #tell(text: string): void {
    this.#shown.update({ notice: { tone: "info", text } });
  }
}
