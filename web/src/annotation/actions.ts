/** What keys can do on the annotation page: one table for the keyboard, for the sheet of keys and for tooltips. */

import type { texts } from "../texts";
import type { Annotation } from "./annotation";
import { preferences } from "./preferences";

/** What concerns the page around the image. */
export interface PageCommands {
  /** The next image that waits in the project's order, leaving this one as it is. */
  nextImage(): void;
  /** Back to the image that was open before. */
  previousImage(): void;
  /** The neighbour in the list of images, whoever works on it. */
  neighbour(step: 1 | -1): void;
  /** Nothing is left on this image that is worth labelling; the next one follows. */
  finishImage(): void;
  /** Asks for the reason. */
  skipImage(): void;
  pickLabel(): void;
  toggleKeys(): void;
}

type Run = (annotation: Annotation, page: PageCommands) => unknown;

export interface Action {
  readonly group: keyof typeof texts.keyGroups;
  /** Chords it has until the person chooses others. */
  readonly keys: readonly string[];
  /** Held down, it goes on. */
  readonly repeats?: boolean;
  /** `false`: there was nothing to do, and the key keeps its meaning for the page. */
  readonly run: Run;
}

const toggle =
  (name: "masksHidden" | "contoursOnly" | "solo"): Run =>
  ({ shown }) =>
    shown.update({ [name]: !shown.getState()[name] });

const cycle =
  (step: 1 | -1): Run =>
  (annotation) => {
    // Without candidates to choose from, Tab moves the focus as everywhere.
    if (!annotation.editor.getState().draft) return false;
    annotation.making.nextCandidate(step);
    return true;
  };

const accept: Run = (annotation) => {
  if (annotation.toolKey("confirm")) return true;
  if (!annotation.editor.getState().draft) return false;
  annotation.making.accept();
  return true;
};

const ZOOM_STEP = 1.25;

export const ACTIONS = {
  pointTool: { group: "make", keys: ["V"], run: (annotation) => annotation.chooseTool("point") },
  boxTool: { group: "make", keys: ["B"], run: (annotation) => annotation.chooseTool("box") },
  press: { group: "make", keys: ["A"], run: ({ cross }) => cross.press(false) },
  pressOpposite: { group: "make", keys: ["Shift+A"], run: ({ cross }) => cross.press(true) },
  refine: { group: "make", keys: ["R"], run: (annotation) => annotation.refine() },
  nextCandidate: { group: "make", keys: ["Tab"], run: cycle(1) },
  previousCandidate: { group: "make", keys: ["Shift+Tab"], run: cycle(-1) },
  accept: { group: "make", keys: ["Enter"], run: accept },
  drop: {
    group: "make",
    keys: ["Escape"],
    run: (annotation) => annotation.cross.cancel() || annotation.toolKey("cancel") || annotation.drop(),
  },
  undo: {
    group: "make",
    keys: ["Ctrl+Z"],
    repeats: true,
    run: (annotation) => annotation.toolKey("back") || annotation.undo(),
  },
  redo: {
    group: "make",
    keys: ["Ctrl+Shift+Z", "Ctrl+Y"],
    repeats: true,
    run: (annotation) => annotation.editor.redo(),
  },
  keep: { group: "make", keys: ["Y"], run: (annotation) => annotation.keepSelected() },
  delete: {
    group: "make",
    keys: ["Delete", "Backspace"],
    run: (annotation) => annotation.toolKey("back") || annotation.deleteSelected(),
  },

  brushTool: { group: "paint", keys: ["P"], run: (annotation) => annotation.chooseTool("brush") },
  eraserTool: { group: "paint", keys: ["E"], run: (annotation) => annotation.chooseTool("eraser") },
  polygonTool: { group: "paint", keys: ["G"], run: (annotation) => annotation.chooseTool("polygon") },
  brushSmaller: { group: "paint", keys: ["["], repeats: true, run: () => preferences.resizeBrush(-1) },
  brushLarger: { group: "paint", keys: ["]"], repeats: true, run: () => preferences.resizeBrush(1) },
  fillHoles: { group: "paint", keys: ["J"], run: (annotation) => annotation.making.fillHoles() },
  keepLargest: { group: "paint", keys: ["K"], run: (annotation) => annotation.making.keepLargestPart() },

  pickLabel: { group: "label", keys: ["L"], run: (_, page) => page.pickLabel() },
  noLabel: { group: "label", keys: ["0"], run: (annotation) => annotation.label(null) },

  preview: {
    group: "view",
    keys: ["Q"],
    run: () => preferences.update({ preview: !preferences.getState().preview }),
  },
  hide: { group: "view", keys: ["H"], run: toggle("masksHidden") },
  contours: { group: "view", keys: ["C"], run: toggle("contoursOnly") },
  solo: { group: "view", keys: ["X"], run: toggle("solo") },
  fainter: { group: "view", keys: [","], repeats: true, run: () => preferences.changeOpacity(-1) },
  stronger: { group: "view", keys: ["."], repeats: true, run: () => preferences.changeOpacity(1) },
  fit: { group: "view", keys: ["F"], run: (annotation) => annotation.fitView() },
  zoomIn: { group: "view", keys: ["+", "="], repeats: true, run: ({ cross }) => cross.zoom(ZOOM_STEP) },
  zoomOut: { group: "view", keys: ["-"], repeats: true, run: ({ cross }) => cross.zoom(1 / ZOOM_STEP) },
  zoomToMask: { group: "view", keys: ["Z"], run: (annotation) => annotation.zoomToSelected() },

  finishImage: { group: "move", keys: ["D"], run: (_, page) => page.finishImage() },
  nextImage: { group: "move", keys: ["N"], run: (_, page) => page.nextImage() },
  previousImage: { group: "move", keys: ["Shift+N"], run: (_, page) => page.previousImage() },
  skipImage: { group: "move", keys: ["S"], run: (_, page) => page.skipImage() },
  neighbourAfter: { group: "move", keys: ["PageDown"], run: (_, page) => page.neighbour(1) },
  neighbourBefore: { group: "move", keys: ["PageUp"], run: (_, page) => page.neighbour(-1) },
  keys: { group: "move", keys: ["?"], run: (_, page) => page.toggleKeys() },
} as const satisfies Record<string, Action>;

export type ActionName = keyof typeof ACTIONS;

export const ACTION_NAMES = Object.keys(ACTIONS) as ActionName[];
