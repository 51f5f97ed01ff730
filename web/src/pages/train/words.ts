/** What the pages about retraining say. */

import type { Schemas } from "../../api/types";

export type Run = Schemas["Retrain"];
export type RunKind = Run["kind"];

const plural = (count: number, one: string): string =>
  `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;

export const words = {
  train: "Train",
  retrain: "Retrain",
  start: "Start retraining",
  plan: "Plan retraining",
  kinds: { promptable: "Clickable model", detector: "Detector" } satisfies Record<RunKind, string>,
  kindTexts: {
    promptable: "Trains the model that answers clicks further on the masks of this project.",
    detector: "Trains the detector that finds objects for prefilling, on the model's embeddings.",
  } satisfies Record<RunKind, string>,
  states: {
    queued: "Waiting",
    running: "Training",
    evaluating: "Measuring",
    stopping: "Stopping",
    stopped: "Stopped",
    finished: "Finished",
    failed: "Failed",
  } satisfies Record<Run["state"], string>,
  passed: "passes",
  refused: "refused",
  promoted: "live",
  noRunsTitle: "Nothing was trained here yet",
  noRunsText:
    "Retraining freezes the masks of this project, trains the live model on most of them and measures it on the rest. It goes on by itself, whatever happens to this page.",
  runTitle: (run: Pick<Run, "model_name" | "name" | "number">) =>
    run.model_name ?? `${run.name}, run ${run.number}`,
  columns: {
    run: "Run",
    base: "From",
    data: "Masks",
    progress: "Steps",
    verdict: "Verdict",
    time: "Machine",
    started: "Started",
  },
  stepsOf: (step: number, steps: number | null) =>
    steps === null ? "–" : `${step.toLocaleString("en")} / ${steps.toLocaleString("en")}`,
  masksSplit: (train: number, validation: number) =>
    `${train.toLocaleString("en")} + ${validation.toLocaleString("en")} held out`,
  masksSplitWhy: "Masks trained on, and masks held out to measure on",
  planned: "Planned",
  soFar: (count: number) => `${plural(count, "new mask")} so far`,
  goesBack: "Runs",
  stop: "Stop",
  stopText: "Training stops after the step in hand. What was learnt is kept, and the run can be resumed.",
  resume: "Resume",
  figures: {
    step: "steps",
    left: "left",
    loss: "loss",
    iou: "IoU, 1 click",
    trained: "masks trained on",
    held: "held out",
    machine: "machine",
  },
  step: "step",
  lossCurve: "Loss",
  iouCurve: "IoU while training",
  iouAfter: (clicks: number) => `after ${plural(clicks, "prompt")}`,
  noCurve: {
    queued: "Waiting for a worker of the queue “train”.",
    running: "The curve begins with the first steps.",
    other: "No step was measured.",
  },
  verdict: "Verdict",
  verdictWaits:
    "Comes when the candidate was measured beside its base, on the same images with the same clicks.",
  verdictPassed: "The gate lets it pass",
  verdictRefused: "The gate refuses it",
  verdictPromoted: "It went live by itself.",
  sets: { validation: "Held-out images", benchmark: "Benchmark" } as Record<string, string>,
  setSize: (images: number, masks: number) => `${plural(images, "image")}, ${plural(masks, "mask")}`,
  figure: "Figure",
  base: "Base",
  candidate: "Candidate",
  difference: "Difference, points",
  interval: "95 % interval",
  miouAfter: (clicks: string) => `mIoU, ${clicks} click${clicks === "1" ? "" : "s"}`,
  clicksMore: (difference: string) => `${difference} clicks`,
  noc: (target: string) => `Clicks to IoU ${target}`,
  calibration: (clicks: string) => `Calibration error, ${clicks} click${clicks === "1" ? "" : "s"}`,
  detectorFigures: {
    ap: "AP",
    ap50: "AP at IoU 0.50",
    ap75: "AP at IoU 0.75",
    ar10: "AR, 10 boxes",
    ar100: "AR, 100 boxes",
  } as Record<string, string>,
  settings: "Settings",
  facts: {
    kind: "Kind",
    base: "Base model",
    snapshot: "Snapshot",
    recipe: "Recipe",
    replay: "Old skills",
    newOnly: "Masks",
    started: "Started",
    by: "By",
    attempts: "Workers so far",
  },
  snapshotFact: (number: number) => `No. ${number}`,
  replayed: (snapshots: number, scenes: boolean) =>
    [snapshots ? plural(snapshots, "earlier snapshot") : "", scenes ? "generated scenes" : ""]
      .filter(Boolean)
      .join(", ") || "not replayed",
  newOnly: "new ones only",
  allMasks: "all",
  bySchedule: "a plan",
  lostTouch: "No live news at the moment; this page tries to reach the server again by itself.",
  compare: "Compare the masks",
  promote: "Promote",
  data: "Masks",
  dataChoices: { now: "As they are now", snapshot: "A snapshot" },
  snapshot: "Snapshot",
  snapshotOption: (number: number, name: string, masks: number) =>
    `${number} · ${name}, ${plural(masks, "mask")}`,
  stages: "Stages",
  stageNames: { manual: "manual", semi_automatic: "semi-automatic", automatic: "automatic" },
  reviewedOnly: "Only what people made or accepted",
  minimumIou: "Predicted IoU at least",
  validationShare: "Held out to measure on",
  newMasksOnly: "Only masks that the run before did not have (the paper's rule for the first stage)",
  replayScenes: "Train on generated scenes as well, so that old skills stay",
  replaySnapshots: "Train on earlier snapshots as well",
  name: "Name",
  nameHint: "of the project",
  baseModel: "Base model",
  liveModel: "The live model",
  steps: "Steps",
  learningRate: "Learning rate",
  fromRecipe: "recipe",
  overrides: "Values of the recipe to replace",
  overridesHint: "One name=value per line, such as phases.0.masks=16.",
  overrideWrong: (line: string) => `“${line}” is not of the form name=value.`,
  more: "More",
  when: "Start",
  whens: { now: "Now", cron: "Repeatedly", masks: "On new masks" },
  newMasks: "Whenever there are so many new masks",
  minimumMasks: "But never with fewer new masks than",
  gate: {
    title: "Gate and benchmark",
    autoPromote: "A candidate that passes goes live by itself",
    rules: "Gate",
    clicks: "Judged by mIoU",
    after: (clicks: number) => `after ${plural(clicks, "click")}`,
    betterAt: "Better at so many figures",
    betterOn: "On",
    sets: {
      either: "either set",
      validation: "held-out images",
      benchmark: "the benchmark",
      both: "each of the two",
    },
    largestLoss: "Points lost at most",
    certain: "Better means shown: the 95 % interval lies above zero",
    benchmark: "Benchmark",
    scenes: "Generated scenes",
    heldOut: "Held-out images at most",
    folder: "And a folder on the workers’ machines",
    folderHint: "With images/ and annotations/ in SA-1B’s form. Optional.",
    noc: "Count clicks to an IoU of 0.90; takes most of the time",
  },
  snapshots: "Snapshots",
  freeze: "Freeze now",
  noSnapshots: "A run freezes the masks it trains on; you can also do so by hand.",
  snapshotColumns: {
    snapshot: "Snapshot",
    images: "Images",
    masks: "Masks",
    held: "Held out",
    since: "Since the one before",
    by: "By",
    frozen: "Frozen",
  },
  since: (added: number, changed: number, removed: number) =>
    added + changed + removed === 0 ? "the same" : `+${added} ~${changed} −${removed}`,
  sinceWhy: "Masks added, changed, removed",
  manifest: "List of masks (JSON lines)",
};

/** Three digits after the point, as IoU is written. */
export const shareText = (value: number): string => value.toFixed(3);

/** A difference in points, which are hundredths, with its sign. */
export function pointsText(difference: number): string {
  const points = 100 * difference;
  return `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(1)}`;
}
