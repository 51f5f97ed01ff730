/** What the form of a new run holds, and the order it makes. */

import type { Schemas } from "../../api/types";
import type { RunKind } from "./words";

export type RetrainOrder = Schemas["RetrainOrder"];
type Override = NonNullable<RetrainOrder["overrides"]>[string];
type Stage = Schemas["Stage"];

export interface TrainForm {
  kind: RunKind;
  name: string;
  data: "now" | "snapshot";
  snapshotId: string | null;
  stages: Stage[];
  reviewedOnly: boolean;
  minimumIou: number | "";
  /** Percent. */
  validationShare: number;
  newMasksOnly: boolean;
  replaySnapshotIds: string[];
  /** Null: as the server thinks best. */
  replayScenes: boolean | null;
  baseModelId: string | null;
  steps: number | "";
  learningRate: number | "";
  overrides: string;
  when: "now" | "cron" | "masks";
  cron: string;
  newMasks: number | "";
  minimumMasks: number | "";
}

export const ALL_STAGES: Stage[] = ["manual", "semi_automatic", "automatic"];

export const EMPTY_FORM: TrainForm = {
  kind: "promptable",
  name: "",
  data: "now",
  snapshotId: null,
  stages: ALL_STAGES,
  reviewedOnly: false,
  minimumIou: "",
  validationShare: 20,
  newMasksOnly: false,
  replaySnapshotIds: [],
  replayScenes: null,
  baseModelId: null,
  steps: "",
  learningRate: "",
  overrides: "",
  when: "now",
  cron: "0 2 * * *",
  newMasks: 1_000,
  minimumMasks: 1,
};

export function orderOf(projectId: string, form: TrainForm): RetrainOrder {
  const frozen = form.data === "snapshot" && form.when === "now";
  const rate = form.kind === "detector" ? "learning_rate" : "schedule.learning_rate";
  return {
    kind: form.kind,
    project_ids: frozen ? [] : [projectId],
    snapshot_id: frozen ? form.snapshotId : null,
    filters: {
      stages: form.stages.length === ALL_STAGES.length ? null : form.stages,
      labels: null,
      minimum_predicted_iou: form.minimumIou === "" ? null : form.minimumIou,
      minimum_stability_score: null,
      minimum_area: 0,
      reviewed_only: form.reviewedOnly,
    },
    validation_share: form.validationShare / 100,
    name: form.name.trim() || null,
    base_model_id: form.baseModelId,
    recipe: null,
    overrides: {
      ...(form.steps === "" ? {} : { steps: form.steps }),
      ...(form.learningRate === "" ? {} : { [rate]: form.learningRate }),
      ...readOverrides(form.overrides),
    },
    replay_snapshot_ids: form.kind === "detector" ? [] : form.replaySnapshotIds,
    replay_scenes: form.kind === "detector" ? null : form.replayScenes,
    new_masks_only: form.newMasksOnly,
    minimum_new_masks: 0,
    allow_parallel: false,
  };
}

/** The schedule the form asks for; null when the run is to start now. */
export function scheduleOf(
  projectId: string,
  form: TrainForm,
  zone: string,
): Schemas["RetrainScheduleRequest"] | null {
  if (form.when === "now") return null;
  const order = orderOf(projectId, form);
  const minimum = form.minimumMasks === "" ? 1 : form.minimumMasks;
  return {
    order,
    zone,
    cron: form.when === "cron" ? form.cron.trim() : null,
    new_masks: form.when === "masks" ? form.newMasks || 1 : null,
    minimum_new_masks: minimum,
  };
}

/** The first line that is no `name=value`; null when all are. */
export function wrongOverride(text: string): string | null {
  return linesOf(text).find((line) => !/^[\w.]+\s*=/.test(line)) ?? null;
}

export function isComplete(form: TrainForm): boolean {
  if (form.stages.length === 0 || wrongOverride(form.overrides) !== null) return false;
  if (form.when === "cron") return form.cron.trim() !== "";
  if (form.when === "masks") return form.newMasks !== "";
  return form.data === "now" || form.snapshotId !== null;
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

/** Values as JSON where they are, else as they stand, as `--set` reads them. */
function readOverrides(text: string): Record<string, Override> {
  return Object.fromEntries(
    linesOf(text).flatMap((line): [string, Override][] => {
      const [, name, value = ""] = /^([\w.]+)\s*=\s*(.*)$/.exec(line) ?? [];
      return name ? [[name, parsed(value)]] : [];
    }),
  );
}

function parsed(text: string): Override {
  try {
    return JSON.parse(text) as Override;
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
