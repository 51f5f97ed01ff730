/** The keys of the annotation page: one table for what they do and for the sheet that lists them. */

import { texts } from "../texts";
import type { Annotation } from "./annotation";
import { preferences } from "./preferences";

export interface PageCommands {
  nextImage(): void;
  previousImage(): void;
  toggleKeys(): void;
}

interface KeyBinding {
  /** As `KeyboardEvent.key`, letters in lower case. */
  readonly key: string;
  readonly ctrl?: boolean;
  /** Left open: either way. */
  readonly shift?: boolean;
  /** Held down, it goes on. */
  readonly repeats?: boolean;
  /** False: the key keeps its meaning for the page. */
  run(annotation: Annotation, page: PageCommands): boolean | undefined;
}

const toggle = (annotation: Annotation, name: "masksHidden" | "contoursOnly" | "solo"): void =>
  annotation.shown.update({ [name]: !annotation.shown.getState()[name] });

const binding = (
  key: string,
  run: (annotation: Annotation, page: PageCommands) => void,
  modifiers: Pick<KeyBinding, "ctrl" | "shift" | "repeats"> = {},
): KeyBinding => ({
  key,
  ...modifiers,
  run: (annotation, page) => {
    run(annotation, page);
    return true;
  },
});

const cycle = (step: 1 | -1) => (annotation: Annotation) => {
  // Without candidates to choose from, Tab moves the focus as everywhere.
  if (!annotation.editor.getState().draft) return false;
  annotation.making.nextCandidate(step);
  return true;
};

const accept = (annotation: Annotation): boolean => {
  if (annotation.toolKey("confirm")) return true;
  if (!annotation.editor.getState().draft) return false;
  annotation.making.accept();
  return true;
};

const BINDINGS: readonly KeyBinding[] = [
  binding("v", (annotation) => annotation.chooseTool("point")),
  binding("b", (annotation) => annotation.chooseTool("box")),
  binding("p", (annotation) => annotation.chooseTool("brush")),
  binding("e", (annotation) => annotation.chooseTool("eraser")),
  binding("g", (annotation) => annotation.chooseTool("polygon")),
  binding("r", (annotation) => annotation.refine()),
  binding("[", () => preferences.resizeBrush(-1), { repeats: true }),
  binding("]", () => preferences.resizeBrush(1), { repeats: true }),
  binding("j", (annotation) => annotation.making.fillHoles()),
  binding("k", (annotation) => annotation.making.keepLargestPart()),
  binding("q", () => preferences.update({ preview: !preferences.getState().preview })),
  { key: "Tab", shift: false, run: cycle(1) },
  { key: "Tab", shift: true, run: cycle(-1) },
  { key: "Enter", run: accept },
  binding("Escape", (annotation) => annotation.toolKey("cancel") || annotation.drop()),
  binding("z", (annotation) => annotation.toolKey("back") || annotation.editor.undo(), {
    ctrl: true,
    shift: false,
    repeats: true,
  }),
  binding("z", (annotation) => annotation.editor.redo(), { ctrl: true, shift: true, repeats: true }),
  binding("y", (annotation) => annotation.editor.redo(), { ctrl: true, repeats: true }),
  binding("h", (annotation) => toggle(annotation, "masksHidden")),
  binding("c", (annotation) => toggle(annotation, "contoursOnly")),
  binding("x", (annotation) => toggle(annotation, "solo")),
  binding(",", () => preferences.changeOpacity(-1), { repeats: true }),
  binding(".", () => preferences.changeOpacity(1), { repeats: true }),
  binding("Delete", (annotation) => annotation.deleteSelected()),
  binding("Backspace", (annotation) => annotation.toolKey("back") || annotation.deleteSelected()),
  binding("f", (annotation) => annotation.fitView()),
  binding("0", (annotation) => annotation.fitView()),
  binding("n", (_, page) => page.nextImage(), { shift: false }),
  binding("n", (_, page) => page.previousImage(), { shift: true }),
  binding("?", (_, page) => page.toggleKeys()),
];

/** Carries out what the key is bound to. True when it was bound. */
export function handleKey(event: KeyboardEvent, annotation: Annotation, page: PageCommands): boolean {
  if (event.altKey) return false;
  const ctrl = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const bound = BINDINGS.find(
    (candidate) =>
      candidate.key === key &&
      (candidate.ctrl ?? false) === ctrl &&
      (candidate.shift === undefined || candidate.shift === event.shiftKey),
  );
  if (event.repeat && !bound?.repeats) return bound !== undefined;
  return bound?.run(annotation, page) === true;
}

interface KeyHelp {
  readonly keys: readonly string[];
  readonly text: string;
}

const { keys: does, keyGroups } = texts;

/** What the sheet of keys shows; alternatives are separate entries of `keys`. */
export const KEY_HELP: readonly { title: string; rows: readonly KeyHelp[] }[] = [
  {
    title: keyGroups.make,
    rows: [
      { keys: ["Click"], text: does.click },
      { keys: ["Right-click", "Alt + click", "Shift + click"], text: does.altClick },
      { keys: ["Drag it"], text: does.movePoint },
      { keys: ["Alt + click it"], text: does.deletePoint },
      { keys: ["V"], text: does.pointTool },
      { keys: ["B"], text: does.boxTool },
      { keys: ["R"], text: does.refine },
      { keys: ["Tab"], text: does.nextCandidate },
      { keys: ["Enter"], text: does.accept },
      { keys: ["Esc"], text: does.drop },
      { keys: ["Ctrl + Z"], text: does.undo },
      { keys: ["Ctrl + Shift + Z"], text: does.redo },
      { keys: ["Del"], text: does.delete },
    ],
  },
  {
    title: keyGroups.paint,
    rows: [
      { keys: ["P"], text: does.brushTool },
      { keys: ["E"], text: does.eraserTool },
      { keys: ["G"], text: does.polygonTool },
      { keys: ["[", "]", "Alt + wheel"], text: does.brushSize },
      { keys: ["Shift + click"], text: does.straight },
      { keys: ["Right-drag"], text: does.opposite },
      { keys: ["J"], text: does.fillHoles },
      { keys: ["K"], text: does.keepLargest },
    ],
  },
  {
    title: keyGroups.view,
    rows: [
      { keys: ["Q"], text: does.preview },
      { keys: ["H"], text: does.hide },
      { keys: ["C"], text: does.contours },
      { keys: ["X"], text: does.solo },
      { keys: [",", "."], text: does.opacity },
      { keys: ["Wheel"], text: does.wheel },
      { keys: ["Space + drag", "Middle drag"], text: does.pan },
      { keys: ["F", "0"], text: does.fit },
    ],
  },
  {
    title: keyGroups.move,
    rows: [
      { keys: ["N"], text: does.nextImage },
      { keys: ["Shift + N"], text: does.previousImage },
      { keys: ["?"], text: does.keys },
    ],
  },
];
