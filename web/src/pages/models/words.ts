/** What the pages about models say. */

import type { Schemas } from "../../api/types";

export type RegistryModel = Schemas["RegistryModel"];

const plural = (count: number, one: string): string =>
  `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;

export const words = {
  models: "Models",
  subtitle: "Every model of this deployment, below the one it was trained from.",
  states: { candidate: "candidate", live: "live", retired: "retired" } satisfies Record<
    RegistryModel["state"],
    string
  >,
  kinds: { promptable: "clickable", detector: "detector" },
  columns: {
    model: "Model",
    data: "Trained on",
    miou: (clicks: string) => `Benchmark mIoU, ${clicks} click${clicks === "1" ? "" : "s"}`,
    clicks: (count: string) => `${count} click${count === "1" ? "" : "s"}`,
    gain: "Held-out gain, points",
    noc: "NoC@90",
    live: "Went live",
  },
  gainWhy: "Points of mIoU after one click on its run’s held-out images, over its base",
  nocWhy: "Clicks to an IoU of 0.90 on the benchmark, 20 at most",
  masks: (count: number) => plural(count, "mask"),
  chart: "mIoU on the benchmark, model by model",
  chartNothing: "Comes when a retrained model was measured on the benchmark.",
  goesBack: "Models",
  promote: "Promote",
  promoteTitle: (name: string) => `Make ${name} live?`,
  promoteText:
    "Images are embedded with it, those first that people will open next. Pages that are open go on with the model they began with. One step takes it back.",
  promoteRefused: "The gate refused it: ",
  rollBack: "Roll back",
  rollBackTitle: (name: string) => `Go back to ${name}?`,
  rollBackText: (name: string) =>
    `${name}, which the live model replaced, becomes live again. Its embeddings are still there, so nobody waits.`,
  rollBackNone: "The live model replaced no other, so there is none to go back to.",
  delete: "Delete",
  deleteTitle: (name: string) => `Delete ${name}?`,
  deleteText: "Its weights and exported files go with it. This cannot be undone.",
  cannotDelete: "It cannot be deleted",
  weights: "Weights",
  card: "Model card",
  lineage: "Lineage",
  lineageNone: "Nothing was trained from it yet.",
  about: "About",
  facts: {
    kind: "Kind",
    arch: "Architecture",
    parameters: "Parameters",
    size: "Size",
    origin: "Added from",
    data: "Trained on",
    steps: "Steps",
    machine: "Machine time",
    recipe: "Recipe",
    made: "Registered",
    hash: "Weights (SHA-256)",
  },
  snapshot: (masks: number | null, number: number) =>
    masks === null ? `snapshot ${number}` : `${plural(masks, "mask")} of snapshot ${number}`,
  megabytes: (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`,
  promotions: "When it went live",
  reasons: {
    gate: "by the gate",
    hand: "by hand",
    rollback: "by rolling back",
    release: "with a release",
  } as Record<string, string>,
  never: "Never yet.",
  evaluation: "Measured beside its base",
  measured: "Measured",
  measuredAsBase: "As the base of a run’s candidate.",
  noEvaluation: "No run has measured it.",
};
