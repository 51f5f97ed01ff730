/** The parts of the form of a new batch. */

import { Checkbox, NumberInput, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { BatchForm, Preset, When } from "./batch_form";
import { makesMasks } from "./batch_form";
import styles from "./batches.module.css";
import type { FieldsProps } from "./NewBatch";
import { modelsQuery, reviewSettingQuery } from "./queries";
import { useEstimate } from "./use_estimate";
import { CountInput, CronInput, numeric } from "./WhenInputs";
import { words } from "./words";

/** Below this precision most of what a model finds is no object. */
const SURE_ENOUGH = 0.5;

export function AutomaticFields({ projectId, form, change }: FieldsProps & { projectId: string }) {
  const settings = useEstimate(projectId, form).data?.settings;
  return (
    <>
      <div>
        <label htmlFor="batch-preset" className={styles.label}>
          {words.preset}
        </label>
        <SegmentedControl
          id="batch-preset"
          fullWidth
          value={form.preset}
          onChange={(preset) => change({ preset: preset as Preset })}
          data={(["fast", "custom", "paper"] as const).map((value) => ({
            value,
            label: words.presets[value],
          }))}
        />
        <p className={styles.hint}>{words.presetTexts[form.preset]}</p>
      </div>
      <div className={styles.pair}>
        <MaskThresholds settings={settings} form={form} change={change} />
        <NumberInput
          label={words.pointsPerSide}
          placeholder={words.fromPreset}
          min={1}
          max={256}
          allowDecimal={false}
          value={form.pointsPerSide}
          onChange={(value) => change({ pointsPerSide: numeric(value) })}
        />
      </div>
    </>
  );
}

type Settings = Record<string, unknown> | undefined;

/** What the model must say of a mask that is kept. */
function MaskThresholds({ settings, form, change }: FieldsProps & { settings: Settings }) {
  return (
    <>
      <Share
        label={words.predictedIou}
        applies={applies(settings, "pred_iou_thresh")}
        value={form.predictedIou}
        onChange={(predictedIou) => change({ predictedIou })}
      />
      <Share
        label={words.stability}
        applies={applies(settings, "stability_score_thresh")}
        value={form.stability}
        onChange={(stability) => change({ stability })}
      />
    </>
  );
}

export function PrefillFields({ projectId, form, change }: FieldsProps & { projectId: string }) {
  const settings = useEstimate(projectId, form).data?.settings;
  return (
    <div className={styles.pair}>
      <Share
        label={words.score}
        applies={applies(settings, "score_thresh")}
        value={form.score}
        onChange={(score) => change({ score })}
      />
      <MaskThresholds settings={settings} form={form} change={change} />
    </div>
  );
}

export function WhenFields({ form, change }: FieldsProps) {
  return (
    <div>
      <label htmlFor="batch-when" className={styles.label}>
        {words.when}
      </label>
      <SegmentedControl
        id="batch-when"
        fullWidth
        mb={8}
        value={form.when}
        onChange={(when) => change({ when: when as When })}
        data={(["now", "at", "cron", "images"] as const).map((value) => ({
          value,
          label: words.whens[value],
        }))}
      />
      {form.when === "at" && (
        <TextInput
          type="datetime-local"
          aria-label={words.at}
          value={form.at}
          onChange={(event) => change({ at: event.currentTarget.value })}
        />
      )}
      {form.when === "cron" && <CronInput value={form.cron} onChange={(cron) => change({ cron })} />}
      {form.when === "images" && (
        <CountInput
          label={words.newImages}
          value={form.newImages}
          onChange={(newImages) => change({ newImages })}
        />
      )}
    </div>
  );
}

export function MoreFields({ projectId, form, change }: FieldsProps & { projectId: string }) {
  const models = useQuery(modelsQuery());
  const review = useReview(projectId, form);
  return (
    <>
      {makesMasks(form.kind) && (
        <Checkbox
          label={words.waitForReview}
          description={review.why}
          checked={review.waits}
          onChange={(event) => change({ review: event.currentTarget.checked })}
        />
      )}
      <div className={styles.pair}>
        {form.kind !== "export" && (
          <Select
            label={words.model}
            placeholder={words.liveModel}
            clearable
            value={form.model}
            onChange={(model) => change({ model })}
            data={(models.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          />
        )}
        <Select
          label={words.priority}
          allowDeselect={false}
          value={form.priority}
          onChange={(priority) => change({ priority: (priority ?? "normal") as BatchForm["priority"] })}
          data={(["low", "normal", "high"] as const).map((value) => ({
            value,
            label: words.priorities[value],
          }))}
        />
        <NumberInput
          label={words.atOnce}
          placeholder={words.noLimit}
          min={1}
          max={1000}
          allowDecimal={false}
          value={form.atOnce}
          onChange={(value) => change({ atOnce: numeric(value) })}
        />
        <TextInput
          label={words.batchName}
          placeholder={words.batchNameHint}
          maxLength={100}
          value={form.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
      </div>
    </>
  );
}

/**
 * Whether the batch's masks would wait, and why: as the person says, else as the project does, else unless the model
 * is known to be right more often than wrong. What is prefilled is only offered.
 */
export function useReview(projectId: string, form: BatchForm): { waits: boolean; why: string | null } {
  const byProject = useQuery(reviewSettingQuery(projectId)).data ?? false;
  const precision = useEstimate(projectId, form).data?.precision ?? null;
  const unsure = form.kind === "automatic" && (precision === null || precision < SURE_ENOUGH);
  const waits = form.review ?? (byProject || unsure || form.kind === "prefill");
  if (form.kind === "prefill") return { waits, why: waits ? words.prefillWaits : words.annotationAtOnce };
  if (unsure) return { waits, why: words.precision(precision) };
  return { waits, why: waits ? null : words.annotationAtOnce };
}

/** Which value a threshold has while its field is empty, and whose it is. */
function applies(settings: Settings, name: string): string | null {
  const value = settings?.[name];
  if (typeof value !== "number") return null;
  const calibrated = settings?.calibrated;
  return words.applies(value, Array.isArray(calibrated) && calibrated.includes(name));
}

interface ShareProps {
  label: string;
  /** What applies while nothing is typed. */
  applies: string | null;
  value: number | "";
  onChange: (value: number | "") => void;
}

/** A number from 0 to 1; empty means the model's own or the preset's, which is said. */
function Share({ label, applies, value, onChange }: ShareProps) {
  return (
    <NumberInput
      label={label}
      description={value === "" ? applies : null}
      inputWrapperOrder={["label", "input", "description", "error"]}
      placeholder={words.fromPreset}
      min={0}
      max={1}
      step={0.01}
      decimalScale={3}
      value={value}
      onChange={(changed) => onChange(numeric(changed))}
    />
  );
}
