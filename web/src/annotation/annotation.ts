/** The annotation of one open image: joins the document, the decoder, the clock and what the page shows. */

import { api } from "../api/client";
import type { ImageDetail, Label, Mask, Me, Model } from "../api/types";
import type { LocalDecoder } from "../decoder/local_decoder";
import { DecodeSession } from "../decoder/session";
import { ActiveClock } from "../document/active_time";
import { type DraftRecord, draftFrom } from "../document/draft";
import { type DocumentMask, Editor, type EditorState, isWaiting } from "../document/editor";
import type { Journal } from "../document/journal";
import { area, bounds } from "../document/rle";
import { contains } from "../document/rle_operations";
import type { SaveQueue } from "../document/save_queue";
import type { ImagePoint, Size } from "../geometry/points";
import { fitTo, fitToBox, isInSight, keepVisible, panBy, type View } from "../geometry/view";
import { Observable } from "../observable";
import { texts } from "../texts";
import { BoxTool } from "../tools/box_tool";
import { BrushTool } from "../tools/brush_tool";
import { PanTool } from "../tools/pan_tool";
import { PointTool } from "../tools/point_tool";
import { PolygonTool } from "../tools/polygon_tool";
import type { Tool, ToolCommands, ToolKey, ToolName } from "../tools/tool";
import { Cross } from "./cross";
import { keepDraft } from "./draft_keeper";
import { HoverPreview } from "./hover_preview";
import { keymap } from "./keymap";
import { type Decoding, ObjectMaking } from "./object_making";
import { preferences } from "./preferences";
import { INITIALLY_SHOWN, type Notice, type Shown } from "./shown";
import { toolCommands } from "./tool_commands";
import { keepToolInHand, toolInHand } from "./tool_in_hand";

export interface AnnotationOptions {
  readonly image: ImageDetail;
  readonly masks: readonly Mask[];
  /** When the server was asked for them, by `performance.now`. */
  readonly askedAt: number;
  readonly me: Me;
  readonly queue: SaveQueue;
  readonly journal: Journal;
  /** The object that was being made when the image was left. */
  readonly left: DraftRecord | null;
  /** What the project offers. */
  readonly labels: readonly Label[];
  /** What the next masks are labelled with; outlives the image. */
  readonly label: Observable<string | null>;
}

/** CSS pixels from the canvas's lower edge that the candidates take: all of the image can be clicked beside them. */
const STRIP_HEIGHT = 136;
/** On a canvas of less height the image needs the room more. */
const SMALL_CANVAS = 480;

/** What becomes of a mask that somebody else changed, or that the server refused. */
export type Decision = "theirs" | "own" | "both";

export class Annotation {
  readonly image: ImageDetail;
  readonly editor: Editor;
  readonly clock = new ActiveClock(performance.now());
  readonly shown = new Observable<Shown>({
    ...INITIALLY_SHOWN,
    tool: toolInHand(globalThis.sessionStorage),
  });
  readonly making: ObjectMaking;
  /** Null until the canvas has a size. */
  readonly view = new Observable<View | null>(null);
  /** The pixel under the pointer; null outside the image. */
  readonly pointer = new Observable<ImagePoint | null>(null);
  readonly decoder = new Observable<DecodeSession | null>(null);
  /** The mask that a click would make, while nothing else is under way. */
  readonly preview = new HoverPreview({
    ask: (pixel) => this.decoder.getState()?.preview(pixel) ?? Promise.resolve(null),
  });
  readonly tools: Readonly<Record<ToolName, Tool>> = {
    point: new PointTool(),
    box: new BoxTool(),
    brush: new BrushTool("brush"),
    eraser: new BrushTool("eraser"),
    polygon: new PolygonTool(),
    pan: new PanTool(),
  };
  readonly commands: ToolCommands;
  /** The pointer of the keyboard. */
  readonly cross = new Cross(this);
  readonly labels: readonly Label[];
  /** What the next masks are labelled with. */
  readonly labelInHand: Observable<string | null>;

  readonly me: Me;
  readonly #queue: SaveQueue;
  readonly #closing: (() => void)[] = [];
  #decoding: Decoding | null = null;
  #started: { readonly model: Model; readonly forceServer: boolean } | null = null;
  #canvasSize: Size = { width: 0, height: 0 };
  #pressed = false;
  #listed: readonly string[] = [];

  constructor({ image, masks, askedAt, me, queue, journal, left, labels, label }: AnnotationOptions) {
    this.image = image;
    this.labels = labels;
    this.labelInHand = label;
    this.me = me;
    this.#queue = queue;
    const loaded = queue.load(image.id, masks, askedAt);
    this.editor = new Editor(loaded.masks, (changes) => {
      for (const { id, body } of changes) queue.want(image.id, id, body);
    });
    for (const { id, body } of loaded.added) this.editor.insert(id, body, me.name);
    const { editor, clock, shown } = this;
    this.making = new ObjectMaking({
      ...{ image, editor, clock, shown },
      authorName: me.name,
      label,
      decoding: () => this.#decoding,
    });
    this.commands = toolCommands(this);
    this.#goOnWith(left);
    this.#closing.push(
      editor.subscribe(() => this.#editorChanged(editor.getState())),
      shown.subscribe(() => this.#hover()),
      preferences.subscribe(() => this.#hover()),
      keepDraft({ editor, clock, journal, userId: me.id, imageId: image.id }),
    );
  }

  /**
   * Starts getting the image ready for prompts; those given before are answered when it is. The image stays with the
   * model it is first started with: embedding, decoder and answers belong together, whatever goes live meanwhile.
   */
  startDecoding(live: Model, loadLocal: (model: Model) => Promise<LocalDecoder>, forceServer: boolean): void {
    if (this.#started?.forceServer === forceServer) return;
    const model = this.#started?.model ?? live;
    this.#started = { model, forceServer };
    this.decoder.getState()?.close();
    const session = new DecodeSession({
      api,
      imageId: this.image.id,
      image: this.image,
      model,
      loadLocal,
      forceServer,
      onAnswer: (promptId, candidates) => this.making.answered(promptId, candidates),
      onError: (error) =>
        this.tell("problem", texts.decodeFailed(error instanceof Error ? error.message : "")),
    });
    this.#decoding = { modelId: model.id, imageSize: model.image_size, upscaler: session.upscaler };
    this.decoder.set(session);
    this.#closing.push(() => session.close());
    this.#editorChanged(this.editor.getState());
  }

  close(): void {
    for (const close of this.#closing.splice(0)) close();
    this.decoder.set(null);
  }

  // The view

  get canvasSize(): Size {
    return this.#canvasSize;
  }

  setCanvasSize(size: Size): void {
    const before = this.#canvasSize;
    this.#canvasSize = size;
    const view = this.view.getState();
    if (!view) this.view.set(this.#fit(size));
    else
      this.changeView((old) =>
        panBy(old, (size.width - before.width) / 2, (size.height - before.height) / 2),
      );
  }

  changeView(change: (view: View) => View): void {
    const view = this.view.getState();
    if (view) this.view.set(keepVisible(change(view), this.image, this.#canvasSize));
  }

  /** Moves the view to a mask, unless it can be seen as it is. */
  showMask(id: string): void {
    const view = this.view.getState();
    const mask = this.editor.getState().masks.get(id);
    const box = mask && bounds(mask.rle);
    if (view && box && !isInSight(box, view, this.#canvasSize)) this.zoomToSelected();
  }

  zoomToSelected(): void {
    const { selectedId } = this.shown.getState();
    const mask = selectedId && this.editor.getState().masks.get(selectedId);
    const box = mask ? bounds(mask.rle) : null;
    if (box) this.view.set(keepVisible(fitToBox(box, this.#canvasSize), this.image, this.#canvasSize));
  }

  #fit(size: Size): View {
    return fitTo(this.image, size, undefined, size.height > SMALL_CANVAS ? STRIP_HEIGHT : 0);
  }

  fitView(): void {
    this.view.set(this.#fit(this.#canvasSize));
  }

  /** The pointer is at this pixel; null: outside the image. `pressed`: a gesture is under way. */
  pointAt(pixel: ImagePoint | null, pressed: boolean): void {
    this.#pressed = pressed;
    const before = this.pointer.getState();
    if (before?.x !== pixel?.x || before?.y !== pixel?.y) this.pointer.set(pixel);
    if (!pixel && !pressed && this.shown.getState().brushAt) this.shown.update({ brushAt: null });
    this.#hover();
  }

  #hover(): void {
    const { tool, spaceHeld } = this.shown.getState();
    const idle = tool === "point" && !spaceHeld && !this.#pressed && !this.making.draft;
    this.preview.hover(idle && preferences.getState().preview ? this.pointer.getState() : null);
  }

  chooseTool(tool: ToolName): void {
    const { tool: before } = this.shown.getState();
    if (tool === before) return;
    this.cross.cancel();
    this.tools[before].key?.("cancel", this.commands);
    this.shown.update({ tool, brushAt: null });
    keepToolInHand(globalThis.sessionStorage, tool);
  }

  /** A key for the tool in the hand; true when it was in the middle of something. */
  toolKey(key: ToolKey): boolean {
    return this.tools[this.shown.getState().tool].key?.(key, this.commands) ?? false;
  }

  // The masks of the document

  /** Takes the last step back, and goes to the mask that this changed or brought back: the next key means that one. */
  undo(): void {
    const before = this.editor.getState().masks;
    this.editor.undo();
    const { masks, draft } = this.editor.getState();
    const changed = [...masks.values()].filter((mask) => before.get(mask.id) !== mask);
    const [only] = changed;
    if (draft || !only || changed.length > 1) return;
    this.select(only.id);
    this.showMask(only.id);
  }

  /** Opens the smallest mask under the pointer, or the selected one, to be gone on with. */
  refine(): void {
    const id = this.#maskAtPointer() ?? this.shown.getState().selectedId;
    if (id) this.making.refine(id);
  }

  drop(): void {
    if (this.making.draft) this.making.drop();
    else this.shown.update({ selectedId: null, notice: null });
  }

  /** Deletes the point that is selected, or else the mask. */
  deleteSelected(): void {
    const { selectedId, selectedPoint } = this.shown.getState();
    if (selectedPoint !== null) this.making.deletePoint(selectedPoint);
    else if (selectedId) this.deleteMask(selectedId);
  }

  deleteMask(id: string): void {
    const mask = this.editor.getState().masks.get(id);
    this.editor.delete(id);
    this.shown.update({ selectedId: null, hoveredId: null });
    if (mask && isWaiting(mask)) this.#goToWaiting(id);
  }

  /** Deletes masks at once, as one step of undo. */
  deleteMasks(masks: readonly DocumentMask[]): void {
    this.editor.delete(...masks.map(({ id }) => id));
    this.shown.update({ selectedId: null, hoveredId: null });
    this.tell("info", texts.masksDeleted(masks.length, keymap.shown("undo")));
  }

  /** Keeps the selected mask, or that under the cursor, if it waits for review, and selects the next that does. */
  keepSelected(): void {
    const { masks } = this.editor.getState();
    if (this.shown.getState().masksHidden) {
      // Nobody decides on what they do not see.
      this.shown.update({ masksHidden: false });
      return;
    }
    const mask = masks.get(this.shown.getState().selectedId ?? this.#maskAtPointer() ?? "");
    if (mask && isWaiting(mask)) this.editor.keep(mask.id);
    this.#goToWaiting(mask?.id ?? null);
  }

  /** Keeps what waits for review among these, as one step of undo. */
  keepMasks(masks: readonly DocumentMask[]): void {
    this.editor.keep(...masks.filter(isWaiting).map(({ id }) => id));
  }

  /** Selects the mask that waits for review and comes next in the list; after the last, the first. */
  #goToWaiting(after: string | null): void {
    const { masks } = this.editor.getState();
    const listed = this.#listed.length > 0 ? this.#listed : [...masks.keys()].reverse();
    const place = after === null ? -1 : listed.indexOf(after);
    const inOrder = [...listed.slice(place + 1), ...listed.slice(0, place + 1)];
    const next = inOrder.map((id) => masks.get(id)).find((mask) => mask && isWaiting(mask));
    this.select(next?.id ?? null);
    if (next) this.showMask(next.id);
  }

  /** The masks as their list shows them: what follows after one that was decided on. */
  listMasks(masks: readonly DocumentMask[]): void {
    this.#listed = masks.map(({ id }) => id);
  }

  /** Brings back a deleted mask. */
  restoreMask(stored: Mask): void {
    this.#queue.know(stored);
    this.editor.restore(stored);
    this.shown.update({ ghost: null, selectedId: stored.id });
    this.showMask(stored.id);
  }

  select(id: string | null): void {
    this.shown.update({ selectedId: id });
  }

  /** Labels the mask that is selected or refined, or else those to come; null: none. */
  label(label: string | null): void {
    const { selectedId } = this.shown.getState();
    if (this.making.draft?.refines) this.making.relabel(label);
    else if (selectedId) this.editor.relabel(selectedId, label);
    else this.labelInHand.set(label);
  }

  /** Not drawn until shown again. */
  toggleHidden(id: string): void {
    const hiddenIds = new Set(this.shown.getState().hiddenIds);
    if (!hiddenIds.delete(id)) hiddenIds.add(id);
    this.shown.update({ hiddenIds });
  }

  /** Ends a conflict about a mask, or a refusal; until then the person's own version is shown and kept. */
  decide(maskId: string, decision: Decision): void {
    if (decision === "own") {
      this.#queue.keepOwn(maskId);
      return;
    }
    const record = this.#queue.getState().undecided.find((undecided) => undecided.maskId === maskId);
    if (!record?.halt) return;
    const authorName = record.halt.kind === "conflict" ? record.halt.stored.author_name : this.me.name;
    const copyId = decision === "both" && record.wanted ? crypto.randomUUID() : null;
    const body = this.#queue.takeTheirs(maskId);
    this.editor.reconcile(maskId, body && { body, authorName }, copyId);
    if (copyId) this.#queue.want(this.image.id, copyId, record.wanted);
  }

  tell(tone: Notice["tone"], text: string): void {
    this.shown.update({ notice: { tone, text } });
  }

  #maskAtPointer(): string | null {
    const pixel = this.pointer.getState();
    if (!pixel) return null;
    const under = [...this.editor.getState().masks.values()].filter(({ rle }) =>
      contains(rle, pixel.x, pixel.y),
    );
    return under.sort((a, b) => area(a.rle) - area(b.rle))[0]?.id ?? null;
  }

  #goOnWith(left: DraftRecord | null): void {
    const draft = left && draftFrom(left, this.image);
    if (!draft) return;
    this.editor.resume(draft);
    this.clock.restart(performance.now(), left);
  }

  #editorChanged({ draft, masks }: EditorState): void {
    const session = this.decoder.getState();
    if (draft?.waiting) session?.request(draft);
    else session?.forget();
    const { selectedId, notice } = this.shown.getState();
    if (selectedId && !masks.has(selectedId)) this.shown.update({ selectedId: null });
    // What it told of is past.
    if (notice?.tone === "info") this.shown.update({ notice: null });
    this.#hover();
  }
}
