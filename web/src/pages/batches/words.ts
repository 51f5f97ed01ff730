/** What the pages about batches say. */

import type { Schemas } from "../../api/types";

export type Batch = Schemas["Batch"];
export type BatchKind = Batch["kind"];

const plural = (count: number, one: string): string =>
  `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;

const rounded = (value: number): number => Number(value.toFixed(3));

export const words = {
  images: "Images",
  batches: "Batches",
  review: "Review",
  newBatch: "New batch",
  start: "Start batch",
  plan: "Plan batch",
  kinds: {
    automatic: "Automatic masks",
    prefill: "Prefill",
    embed: "Embeddings",
    export: "Export",
  } satisfies Record<BatchKind, string>,
  kindTexts: {
    automatic: "Asks the model at a grid of points and keeps the masks it is sure of.",
    prefill: "Finds objects with the detector and turns their boxes into masks to keep, refine or reject.",
    embed: "Prepares images for clicking with a model.",
    export: "Writes one SA-1B file per image, to download together.",
  } satisfies Record<BatchKind, string>,
  states: {
    running: "Running",
    paused: "Paused",
    cancelled: "Cancelled",
    finished: "Finished",
  } satisfies Record<Batch["state"], string>,
  imageCount: (count: number) => plural(count, "image"),
  maskCount: (count: number) => plural(count, "mask"),
  noBatchesTitle: "No batches yet",
  noBatchesText:
    "A batch does the same with many images: find all masks, prepare them for clicking, export them. It goes on by itself, whatever happens to this page.",
  planned: "Planned",
  columns: {
    batch: "Batch",
    model: "Model",
    images: "Images",
    failed: "Failed",
    masks: "Masks",
    review: "To review",
    started: "Started",
  },
  next: (time: string) => `next ${time}, your time`,
  unschedule: "Remove this plan",
  goesBack: "Batches",
  done: "done",
  failed: "failed",
  left: "left",
  masks: "masks",
  perMinute: "images/min",
  timeLeft: "time left",
  pause: "Pause",
  resume: "Resume",
  cancel: "Cancel batch",
  cancelText: "What is not done is given up at once; what is done stays. A cancelled batch can be resumed.",
  tryAgain: "Try again",
  tryAllAgain: "Try all again",
  latest: "Latest results",
  latestNone: "The first results appear here.",
  prefilledNothing:
    "No box was good enough for the detector and the model. Lower the detector's score or the predicted IoU, or train the detector on more masks.",
  failures: "Failed images",
  settings: "Settings",
  facts: { kind: "Kind", model: "Model", started: "Started", by: "By", priority: "Priority" },
  byMemory: "as memory allows",
  settingNames: {
    preset: "Preset",
    points_per_side: "Points per side",
    points_per_batch: "Points at a time",
    pred_iou_thresh: "Predicted IoU above",
    stability_score_thresh: "Stability at least",
    stability_score_offset: "Stability tested by (logits)",
    box_nms_thresh: "Box overlap at most",
    crop_n_layers: "Crop layers",
    crop_nms_thresh: "Overlap across crops at most",
    crop_overlap_ratio: "Overlap of crops",
    crop_n_points_downscale_factor: "Fewer points per layer, by",
    score_thresh: "Detector's score at least",
    most_boxes: "Boxes at most",
    max_cover: "Cover of the image below",
    min_mask_region_area: "Smallest region (px)",
  } as Record<string, string>,
  comparison: "Compared with",
  comparisonNone: "No earlier batch found masks on these images.",
  compare: "Choose an earlier batch",
  gained: "gained",
  lost: "lost",
  changed: "changed",
  same: "same",
  compared: (done: number, total: number) =>
    `${plural(done, "image")} of ${total.toLocaleString("en")} compared`,
  toReview: (count: number) => `Review ${plural(count, "mask")}`,
  download: "Download",
  lostTouch: "No live news at the moment; this page tries to reach the server again by itself.",
  whichImages: "Images",
  selections: { all: "All", unannotated: "Without masks", annotated: "With masks" },
  notDone: "Leave out what was done before with this model",
  nameContains: "Only names that contain",
  tag: "Only images tagged",
  tagNone: "with any tag, or none",
  tagOption: (tag: string, images: number) => `${tag} (${plural(images, "image")})`,
  preset: "Preset",
  presets: { fast: "Fast", custom: "Whole image", paper: "Paper" },
  presetTexts: {
    fast: "16 × 16 points. For a first look, and for large objects.",
    custom: "32 × 32 points over the whole image.",
    paper: "As SA-1B was made: 32 × 32 points, then 2 × 2 and 4 × 4 crops. Takes the longest.",
  },
  predictedIou: "Predicted IoU above",
  stability: "Stability at least",
  pointsPerSide: "Points per side",
  fromPreset: "default",
  score: "Detector's score at least",
  /** What applies to a field that is left empty, and why. */
  applies: (value: number, calibrated: boolean) =>
    `${rounded(value)}, ${calibrated ? "calibrated for the model" : "by default"}`,
  calibrated: (value: string) => `${value} (calibrated)`,
  model: "Model",
  liveModel: "The live model",
  when: "Start",
  whens: { now: "Now", at: "At a time", cron: "Repeatedly", images: "On new images" },
  at: "Time",
  cron: "Cron expression",
  cronHint:
    "Minute, hour, day of the month, month, day of the week; 0 2 * * 1-5 is 02:00 from Monday to Friday.",
  newImages: "Whenever there are so many new images",
  priority: "Priority",
  priorities: { low: "Low", normal: "Normal", high: "High" },
  atOnce: "Images at a time",
  noLimit: "no limit",
  waitForReview: "Masks wait for review",
  annotationAtOnce: "They are annotation at once: in exports, and in training.",
  prefillWaits: "They are offered on the annotation page and in Review, to keep, refine or reject.",
  precision: (precision: number | null) =>
    `${
      precision === null
        ? "How many of them will be right is not known for these settings"
        : `By the model's calibration about ${Math.round(100 * precision)} of 100 are right`
    }; those that do not wait are annotation at once.`,
  batchName: "Name",
  batchNameHint: "optional",
  estimateNone: "No image passes this selection.",
  estimateUnknown: (images: number) =>
    `${plural(images, "image")}. How long one takes has not been measured on this deployment yet.`,
  estimate: (images: number, time: string, each: string, measured: number, same: boolean) =>
    `${plural(images, "image")}, about ${time} for one worker (${each} per image, measured on ${plural(measured, "image")}${same ? "" : " with other settings"}).`,
};

export function batchTitle(batch: Pick<Batch, "kind" | "name">): string {
  return batch.name ?? words.kinds[batch.kind];
}

/** 40 s, 12 min, 3 h 5 min. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function moment(text: string): string {
  return new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

export function rateText(rate: number): string {
  return rate >= 100 ? Math.round(rate).toLocaleString("en") : rate.toPrecision(2);
}
