/** Pointer and wheel events of the canvas, turned into tool input and view changes. */

import type { Annotation } from "../annotation/annotation";
import { preferences } from "../annotation/preferences";
import { type ImagePoint, isInside, pixelAt, type ScreenPoint, screenPoint } from "../geometry/points";
import { panBy, toImage, zoomAt } from "../geometry/view";
import { CLICK_SLACK, distance, type PointerInput, type Tool } from "../tools/tool";
import { Fingers } from "./fingers";
import { WheelSteps, wheelPixels } from "./wheel_steps";

const WHEEL_STEP = 0.0016;
/** A pinch arrives as a wheel with Ctrl held and small deltas. */
const PINCH_STEP = 0.01;

export function listenToPointer(element: HTMLCanvasElement, annotation: Annotation): () => void {
  /** The tool that got the press keeps the gesture until its end, whatever is chosen meanwhile. */
  let gesture: Tool | null = null;
  const fingers = new Fingers();
  const steps = new WheelSteps();
  /** A finger that went down and has not moved: it may be the first of two, so the tool does not know of it yet. */
  let undecided: PointerEvent | null = null;

  const position = (event: MouseEvent): ScreenPoint => {
    const box = element.getBoundingClientRect();
    return screenPoint(event.clientX - box.left, event.clientY - box.top);
  };
  const active = (): Tool => {
    const { tool, spaceHeld } = annotation.shown.getState();
    return annotation.tools[spaceHeld ? "pan" : tool];
  };
  const showCursor = (): void => {
    element.style.cursor = (gesture ?? active()).cursor;
  };
  const pass = (tool: Tool, event: PointerEvent, type: PointerInput["type"]): void => {
    annotation.cross.putAway();
    const view = annotation.view.getState();
    if (!view) return;
    const screen = position(event);
    const { button, altKey, shiftKey: shift } = event;
    // A finger has neither a right button nor Alt.
    const touch = event.pointerType === "touch";
    const alt = altKey || (touch && annotation.shown.getState().touchOpposite);
    const input = { type, screen, image: toImage(view, screen), button, alt, shift, touch };
    annotation.pointAt(hoveredPixel(annotation, input.image), gesture !== null);
    tool.handle(input, annotation.commands);
    showCursor();
  };

  const down = (event: PointerEvent): void => {
    event.preventDefault();
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    annotation.clock.activity(performance.now());
    if (event.pointerType === "touch") {
      if (fingers.down(event.pointerId, position(event))) {
        undecided = null;
        cancel(event);
      } else if (fingers.count === 1) undecided = event;
      return;
    }
    press(event);
  };
  const press = (event: PointerEvent): void => {
    gesture ??= event.button === 1 ? annotation.tools.pan : active();
    pass(gesture, event, "down");
  };
  const move = (event: PointerEvent): void => {
    annotation.clock.activity(performance.now());
    if (event.pointerType === "touch") {
      const pinch = fingers.move(event.pointerId, position(event));
      if (pinch) {
        annotation.changeView((view) => panBy(zoomAt(view, pinch.middle, pinch.factor), pinch.dx, pinch.dy));
        return;
      }
      if (fingers.pinched || (undecided && distance(position(undecided), position(event)) < CLICK_SLACK))
        return;
      pressUndecided();
    }
    const tool = gesture ?? active();
    // A fast stroke is as smooth as the hand: also the positions between two frames count.
    const between = isBrush(tool) ? event.getCoalescedEvents() : [];
    for (const moved of between.length > 0 ? between : [event]) pass(tool, moved, "move");
  };
  const pressUndecided = (): void => {
    const first = undecided;
    undecided = null;
    if (first) press(first);
  };
  const up = (event: PointerEvent): void => {
    if (event.pointerType === "touch") {
      const pinched = fingers.pinched;
      fingers.up(event.pointerId);
      if (pinched) return;
      pressUndecided();
    }
    if (!gesture) return;
    const tool = gesture;
    if (event.buttons === 0) gesture = null;
    pass(tool, event, "up");
  };
  const cancelled = (event: PointerEvent): void => {
    fingers.up(event.pointerId);
    undecided = null;
    cancel(event);
  };
  const cancel = (event: PointerEvent): void => {
    const tool = gesture;
    gesture = null;
    if (tool) pass(tool, event, "cancel");
  };
  const leave = (): void => annotation.pointAt(null, gesture !== null);
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    annotation.clock.activity(performance.now());
    const pixels = wheelPixels(event);
    if (event.altKey) {
      const step = steps.step(pixels);
      if (step === 0) return;
      if (isBrush(active())) preferences.resizeBrush(step === 1 ? -1 : 1);
      else annotation.making.nextCandidate(step);
      return;
    }
    const factor = Math.exp(-pixels * (event.ctrlKey ? PINCH_STEP : WHEEL_STEP));
    annotation.changeView((view) => zoomAt(view, position(event), factor));
  };
  const noMenu = (event: Event): void => event.preventDefault();

  const listeners = new AbortController();
  const { signal } = listeners;
  element.addEventListener("pointerdown", down, { signal });
  element.addEventListener("pointermove", move, { signal });
  element.addEventListener("pointerup", up, { signal });
  element.addEventListener("pointercancel", cancelled, { signal });
  element.addEventListener("pointerleave", leave, { signal });
  element.addEventListener("wheel", wheel, { signal, passive: false });
  element.addEventListener("contextmenu", noMenu, { signal });
  const stop = annotation.shown.subscribe(showCursor);
  showCursor();
  return () => {
    listeners.abort();
    stop();
  };
}

function isBrush({ name }: Tool): boolean {
  return name === "brush" || name === "eraser";
}

function hoveredPixel(annotation: Annotation, point: ImagePoint): ImagePoint | null {
  return isInside(point, annotation.image) ? pixelAt(point) : null;
}
