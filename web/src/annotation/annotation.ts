/** The annotation of one open image: joins the document, the decoder, the clock and what the page shows. */

import { api } from "../api/client";
import type { ImageDetail, Mask, MaskBody, Model } from "../api/types";
import { type Candidate, stabilityScore } from "../decoder/candidates";
import type { LocalDecoder } from "../decoder/local_decoder";
import { type Prompt, type PromptBox, toWire } from "../decoder/prompts";
import { DecodeSession } from "../decoder/session";
import { ActiveClock } from "../document/active_time";
import { type Draft, Editor, type EditorState } from "../document/editor";
import { area, toSegmentation } from "../document/rle";
import type { SaveNotice, SaveQueue } from "../document/save_queue";
import type { ImagePoint, Size } from "../geometry/points";
import { fitTo, keepVisible, panBy, type View } from "../geometry/view";
import { Observable } from "../observable";
import { texts } from "../texts";
import { BoxTool } from "../tools/box_tool";
import { PanTool } from "../tools/pan_tool";
import { PointTool } from "../tools/point_tool";
import type { Tool, ToolCommands, ToolName } from "../tools/tool";

export interface Notice {
  readonly tone: "info" | "problem";
  readonly text: string;
}

export interface Shown {
  readonly tool: ToolName;
  /** While Space is held any tool pans. */
  readonly spaceHeld: boolean;
  readonly masksHidden: boolean;
  readonly contoursOnly: boolean;
  readonly selectedId: string | null;
  readonly hoveredId: string | null;
  readonly rubberBand: PromptBox | null;
  readonly notice: Notice | null;
  /** Milliseconds from the last click to its mask. */
  readonly decodeMs: number | null;
  /** The last draft that had an answer; shown until the newest prompt has its own. */
  readonly lastAnswered: Draft | null;
}

export interface AnnotationOptions {
  readonly image: ImageDetail;
  readonly masks: readonly Mask[];
  /** When the server was asked for them, by `performance.now`. */
  readonly askedAt: number;
  readonly authorName: string;
  readonly queue: SaveQueue;
}

const NOTHING: Prompt = { points: [], box: null };

export class Annotation {
  readonly image: ImageDetail;
  readonly editor: Editor;
  readonly clock = new ActiveClock(performance.now());
  readonly shown = new Observable<Shown>({
    tool: "point",
    spaceHeld: false,
    masksHidden: false,
    contoursOnly: false,
    selectedId: null,
    hoveredId: null,
    rubberBand: null,
    notice: null,
    decodeMs: null,
    lastAnswered: null,
  });
  /** Null until the canvas has a size. */
  readonly view = new Observable<View | null>(null);
  /** The pixel under the pointer; null outside the image. */
  readonly pointer = new Observable<ImagePoint | null>(null);
  readonly decoder = new Observable<DecodeSession | null>(null);
  readonly tools: Readonly<Record<ToolName, Tool>> = {
    point: new PointTool(),
    box: new BoxTool(),
    pan: new PanTool(),
  };
  readonly commands: ToolCommands;

  readonly #authorName: string;
  readonly #queue: SaveQueue;
  readonly #closing: (() => void)[] = [];
  #modelId: string | null = null;
  #canvasSize: Size = { width: 0, height: 0 };
  #promptedAt = 0;
  #acceptWhenAnswered: number | null = null;

  constructor({ image, masks, askedAt, authorName, queue }: AnnotationOptions) {
    this.image = image;
    this.#authorName = authorName;
    this.#queue = queue;
    const loaded = queue.load(image.id, masks, askedAt);
    this.editor = new Editor(loaded.masks, (changes) => {
      for (const { id, body } of changes) queue.want(image.id, id, body);
    });
    for (const { id, body } of loaded.added) this.editor.insert(id, body, authorName);
    this.commands = {
      imageSize: image,
      addPoint: (point) => this.#prompt((prompt) => ({ ...prompt, points: [...prompt.points, point] })),
      setBox: (box) => this.#prompt((prompt) => ({ ...prompt, box })),
      showRubberBand: (rubberBand) => this.shown.update({ rubberBand }),
      pan: (dx, dy) => this.changeView((view) => panBy(view, dx, dy)),
    };
    this.#closing.push(
      this.editor.subscribe(() => this.#editorChanged(this.editor.getState())),
      queue.onNotice((notice) => this.#saveNotice(notice)),
    );
  }

  /** Starts getting the image ready for prompts; those given before are answered when it is. */
  startDecoding(
    model: Model,
    loadLocal: (model: Model) => Promise<LocalDecoder>,
    forceServer: boolean,
  ): void {
    this.#modelId = model.id;
    const session = new DecodeSession({
      api,
      imageId: this.image.id,
      image: this.image,
      model,
      loadLocal,
      forceServer,
      onAnswer: (promptId, candidates) => this.#answered(promptId, candidates),
      onError: (error) =>
        this.tell("problem", texts.decodeFailed(error instanceof Error ? error.message : "")),
    });
    this.decoder.set(session);
    this.#closing.push(() => session.close());
    this.#editorChanged(this.editor.getState());
  }

  close(): void {
    for (const close of this.#closing.splice(0)) close();
    this.decoder.set(null);
  }

  // The view

  setCanvasSize(size: Size): void {
    const before = this.#canvasSize;
    this.#canvasSize = size;
    const view = this.view.getState();
    if (!view) this.view.set(fitTo(this.image, size));
    else
      this.changeView((old) =>
        panBy(old, (size.width - before.width) / 2, (size.height - before.height) / 2),
      );
  }

  changeView(change: (view: View) => View): void {
    const view = this.view.getState();
    if (view) this.view.set(keepVisible(change(view), this.image, this.#canvasSize));
  }

  fitView(): void {
    this.view.set(fitTo(this.image, this.#canvasSize));
  }

  pointAt(pixel: ImagePoint | null): void {
    const before = this.pointer.getState();
    if (before?.x !== pixel?.x || before?.y !== pixel?.y) this.pointer.set(pixel);
  }

  // Making an object

  #prompt(change: (prompt: Prompt) => Prompt): void {
    this.#promptedAt = performance.now();
    this.shown.update({ selectedId: null, notice: null });
    this.editor.prompt((prompt) => change(prompt ?? NOTHING));
  }

  chooseCandidate(index: number): void {
    this.editor.choose(index);
  }

  nextCandidate(step: 1 | -1): void {
    const { draft } = this.editor.getState();
    const count = draft?.candidates?.length ?? 0;
    if (draft && count > 1) this.editor.choose((draft.chosen + step + count) % count);
  }

  /** Accepts the chosen candidate; one that is still being decoded is accepted as soon as it is there. */
  accept(): void {
    const { draft } = this.editor.getState();
    if (!draft) return;
    const candidate = draft.candidates?.[draft.chosen];
    if (!candidate) {
      this.#acceptWhenAnswered = draft.promptId;
      return;
    }
    if (area(candidate.mask) === 0) {
      this.tell("info", texts.emptyMask);
      return;
    }
    const body = this.#provenance(draft, candidate);
    this.editor.accept(crypto.randomUUID(), body, candidate.mask, this.#authorName);
    this.clock.restart(performance.now());
  }

  drop(): void {
    if (this.editor.getState().draft) this.editor.drop();
    else this.shown.update({ selectedId: null, notice: null });
  }

  deleteSelected(): void {
    const { selectedId } = this.shown.getState();
    if (selectedId) this.deleteMask(selectedId);
  }

  deleteMask(id: string): void {
    this.editor.delete(id);
    this.shown.update({ selectedId: null, hoveredId: null });
  }

  select(id: string | null): void {
    this.shown.update({ selectedId: id });
  }

  tell(tone: Notice["tone"], text: string): void {
    this.shown.update({ notice: { tone, text } });
  }

  #provenance(draft: Draft, candidate: Candidate): MaskBody {
    const { activeMs, idleMs } = this.clock.read(performance.now());
    const upscaler = this.decoder.getState()?.upscaler;
    const { points, box } = toWire(draft.prompt);
    return {
      segmentation: toSegmentation(candidate.mask),
      stage: "manual",
      label: null,
      predicted_iou: candidate.predictedIou,
      stability_score: upscaler ? stabilityScore(candidate.logits, upscaler) : null,
      crop_box: [0, 0, this.image.width, this.image.height],
      prompts: { points, box: box ?? null },
      candidate_index: draft.chosen,
      candidates_iou: draft.candidates?.map(({ predictedIou }) => predictedIou) ?? null,
      model_id: this.#modelId,
      active_ms: Math.round(activeMs),
      idle_ms: Math.round(idleMs),
    };
  }

  #answered(promptId: number, candidates: Candidate[]): void {
    if (!this.editor.answer(promptId, candidates)) return;
    this.shown.update({ decodeMs: performance.now() - this.#promptedAt });
    if (this.#acceptWhenAnswered === promptId) this.accept();
  }

  #editorChanged({ draft, masks }: EditorState): void {
    const session = this.decoder.getState();
    if (!draft) session?.forget();
    else if (!draft.candidates) session?.request(draft);
    const { lastAnswered, selectedId } = this.shown.getState();
    const answered = draft?.candidates ? draft : draft ? lastAnswered : null;
    const selected = selectedId && masks.has(selectedId) ? selectedId : null;
    if (answered !== lastAnswered || selected !== selectedId) {
      this.shown.update({ lastAnswered: answered, selectedId: selected });
    }
  }

  #saveNotice(notice: SaveNotice): void {
    if (notice.imageId !== this.image.id) return;
    if (notice.kind === "refused") {
      this.tell("problem", texts.saveRefused(notice.reason));
      if (!notice.kept) this.editor.reconcile(notice.maskId, null, null);
      return;
    }
    const copyId = notice.own ? crypto.randomUUID() : null;
    this.editor.reconcile(notice.maskId, notice.stored, copyId);
    if (copyId && notice.own) this.#queue.want(this.image.id, copyId, notice.own);
    this.tell("problem", copyId ? texts.conflictKeptBoth : texts.conflictRestored);
  }
}
