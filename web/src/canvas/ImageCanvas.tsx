import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import type { Annotation } from "../annotation/annotation";
import { preferences } from "../annotation/preferences";
import { draftPixels, EMPTY_DRAFT, withStroke } from "../document/draft";
import type { DocumentMask } from "../document/editor";
import { area } from "../document/rle";
import { texts } from "../texts";
import { labelColours } from "./colours";
import styles from "./ImageCanvas.module.css";
import type { ImagePyramid } from "./image_pyramid";
import { Painter, type Scene } from "./painter";
import { listenToPointer } from "./pointer";

interface ImageCanvasProps {
  annotation: Annotation;
  pyramid: ImagePyramid | null;
}

/** Around the image, as `--stage` in styles.css; the canvas has no stylesheet. */
const STAGE = { light: "#e9ebef", dark: "#0e1014" };

/** The canvas. It repaints when something it shows has changed, once per frame at most, outside of React. */
export function ImageCanvas({ annotation, pyramid }: ImageCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const stage = STAGE[useComputedColorScheme("dark")];

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const painter = new Painter(element);
    let frame = 0;
    const paint = (): void => {
      frame = 0;
      const view = annotation.view.getState();
      const size = { width: element.clientWidth, height: element.clientHeight };
      if (!view || size.width === 0) return;
      painter.paint(sceneOf(annotation, pyramid), view, size, window.devicePixelRatio, stage);
      describeView(element, annotation);
      if (pyramid) element.dataset.painted = annotation.image.id;
      else delete element.dataset.painted;
    };
    const schedule = (): void => {
      if (frame === 0) frame = requestAnimationFrame(paint);
    };
    painter.onOutdated = schedule;
    const resize = new ResizeObserver(() => {
      annotation.setCanvasSize({ width: element.clientWidth, height: element.clientHeight });
      schedule();
    });
    resize.observe(element);
    const stops = [
      annotation.view.subscribe(schedule),
      annotation.editor.subscribe(schedule),
      annotation.shown.subscribe(schedule),
      annotation.preview.subscribe(schedule),
      preferences.subscribe(schedule),
      listenToPointer(element, annotation),
    ];
    schedule();
    return () => {
      for (const stop of stops) stop();
      resize.disconnect();
      cancelAnimationFrame(frame);
      painter.close();
    };
  }, [annotation, pyramid, stage]);

  return (
    <canvas
      ref={canvas}
      className={styles.canvas}
      tabIndex={0}
      aria-label={texts.canvasLabel}
      data-testid="image-canvas"
    />
  );
}

let listed: { by: readonly unknown[]; masks: DocumentMask[] } | null = null;

/**
 * Without the one that is being refined, or `alone` the one that is; large masks first, so that small ones lie on them.
 * The same array while they are the same.
 */
function shownMasks(
  from: ReadonlyMap<string, DocumentMask>,
  refined: string | null,
  alone: string | null,
  hidden: ReadonlySet<string>,
): DocumentMask[] {
  const by = [from, refined, alone, hidden];
  if (!listed?.by.every((value, i) => value === by[i])) {
    const masks = [...from.values()].filter(
      ({ id }) => id !== refined && (alone === null ? !hidden.has(id) : id === alone),
    );
    listed = { by, masks: masks.sort((a, b) => area(b.rle) - area(a.rle)) };
  }
  return listed.masks;
}

function sceneOf(annotation: Annotation, pyramid: ImagePyramid | null): Scene {
  const { masks, draft } = annotation.editor.getState();
  const shown = annotation.shown.getState();
  const { masksHidden, contoursOnly, selectedId, hoveredId, stroke, brushAt } = shown;
  const {
    brushDiameter,
    fillOpacity: chosenOpacity,
    colourBy,
    brightness,
    contrast,
  } = preferences.getState();
  const fillOpacity = contoursOnly ? 0 : chosenOpacity;
  const drawn = stroke ? withStroke(draft ?? EMPTY_DRAFT, stroke.pixels, stroke.mode) : draft;
  return {
    image: annotation.image,
    pyramid,
    brightness,
    contrast,
    stored: masksHidden
      ? null
      : {
          masks: shownMasks(masks, draft?.refines ?? null, shown.solo ? selectedId : null, shown.hiddenIds),
          fillOpacity,
          colourBy,
          labels: labelColours(annotation.labels),
          selectedId,
          hoveredId,
        },
    prompt: draft?.prompt ?? null,
    pixels: drawn && draftPixels(drawn),
    fillOpacity,
    selectedPoint: shown.selectedPoint,
    preview: shown.ghost ?? annotation.preview.getState()?.mask ?? null,
    rubberBand: shown.rubberBand,
    polygon: shown.polygon,
    cross: shown.cross,
    brush: brushAt && !shown.spaceHeld ? { at: brushAt, diameter: brushDiameter } : null,
  };
}

/** The view and the last click's time as attributes: the page's state is readable from the document alone. */
function describeView(element: HTMLCanvasElement, annotation: Annotation): void {
  const view = annotation.view.getState();
  if (!view) return;
  element.dataset.zoom = String(view.zoom);
  element.dataset.originX = String(view.originX);
  element.dataset.originY = String(view.originY);
  const { decodeMs, answeredId } = annotation.shown.getState();
  if (decodeMs === null || answeredId === null) return;
  element.dataset.decodeMs = decodeMs.toFixed(1);
  element.dataset.answered = String(answeredId);
}
