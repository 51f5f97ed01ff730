/** What the form of a new batch holds, and the order it makes. */

import type { Schemas } from "../../api/types";
import type { BatchOrder } from "./queries";
import type { BatchKind } from "./words";

export type Preset = "fast" | "custom" | "paper";
export type When = "now" | "at" | "cron" | "images";

export interface BatchForm {
  kind: BatchKind;
  name: string;
  images: "all" | "annotated" | "unannotated";
  notDone: boolean;
  nameContains: string;
  /** Null: whatever their tags. */
  tag: string | null;
  model: string | null;
  preset: Preset;
  /** Empty: as the preset says. */
  predictedIou: number | "";
  stability: number | "";
  pointsPerSide: number | "";
  /** Of the detector's boxes, for prefilling. */
  score: number | "";
  priority: "low" | "normal" | "high";
  atOnce: number | "";
  /** Null: as the project says. */
  review: boolean | null;
  when: When;
  at: string;
  cron: string;
  newImages: number | "";
}

export const EMPTY_FORM: BatchForm = {
  kind: "automatic",
  name: "",
  images: "all",
  notDone: true,
  nameContains: "",
  tag: null,
  model: null,
  preset: "custom",
  predictedIou: "",
  stability: "",
  pointsPerSide: "",
  score: "",
  priority: "normal",
  atOnce: "",
  review: null,
  when: "now",
  at: "",
  cron: "0 2 * * *",
  newImages: 100,
};

export function makesMasks(kind: BatchKind): boolean {
  return kind === "automatic" || kind === "prefill";
}

export function orderOf(form: BatchForm): BatchOrder {
  return {
    kind: form.kind,
    name: form.name.trim() || null,
    selection: {
      annotated: form.images === "all" ? null : form.images === "annotated",
      not_done: form.notDone,
      name_contains: form.nameContains.trim() || null,
      tag: form.tag,
    },
    settings: settingsOf(form),
    model_id: form.kind === "export" ? null : form.model,
    priority: form.priority,
    concurrency: form.atOnce === "" ? null : form.atOnce,
    review: makesMasks(form.kind) ? form.review : null,
  };
}

/** The schedule the form asks for; null when the batch is to start now. */
export function scheduleOf(form: BatchForm, zone: string): Schemas["ScheduleRequest"] | null {
  const order = orderOf(form);
  switch (form.when) {
    case "now":
      return null;
    case "at":
      return { order, zone, at: new Date(form.at).toISOString() };
    case "cron":
      return { order, zone, cron: form.cron.trim() };
    case "images":
      return { order, zone, new_images: form.newImages === "" ? 1 : form.newImages };
  }
}

export function isComplete(form: BatchForm): boolean {
  if (form.when === "at") return !Number.isNaN(Date.parse(form.at));
  if (form.when === "cron") return form.cron.trim() !== "";
  return form.when !== "images" || form.newImages !== "";
}

function settingsOf(form: BatchForm): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  if (!makesMasks(form.kind)) return settings;
  if (form.predictedIou !== "") settings.pred_iou_thresh = form.predictedIou;
  if (form.stability !== "") settings.stability_score_thresh = form.stability;
  if (form.kind === "prefill") {
    if (form.score !== "") settings.score_thresh = form.score;
    return settings;
  }
  settings.preset = form.preset;
  if (form.pointsPerSide !== "") settings.points_per_side = form.pointsPerSide;
  return settings;
}
