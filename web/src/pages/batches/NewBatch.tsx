import { Button, Checkbox, Drawer, Group, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import { api, unwrap } from "../../api/client";
import { texts } from "../../texts";
import { AutomaticFields, MoreFields, PrefillFields, useReview, WhenFields } from "./BatchFields";
import { type BatchForm, EMPTY_FORM, isComplete, orderOf, scheduleOf } from "./batch_form";
import styles from "./batches.module.css";
import { tagsQuery } from "./queries";
import { useEstimate } from "./use_estimate";
import { type BatchKind, duration, words } from "./words";

const KINDS: BatchKind[] = ["automatic", "prefill", "embed", "export"];

interface NewBatchProps {
  projectId: string;
  onClose: () => void;
}

/** What a batch is to do, with which images, and when; what it would cost is said before it starts. */
export function NewBatch({ projectId, onClose }: NewBatchProps) {
  const [form, setForm] = useState(EMPTY_FORM);
  const change = (part: Partial<BatchForm>): void => setForm((before) => ({ ...before, ...part }));
  const start = useStart(projectId, onClose);
  const { waits } = useReview(projectId, form);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    start.mutate({ ...form, review: waits });
  };
  return (
    <Drawer opened onClose={onClose} title={words.newBatch} position="right" size={460} styles={DRAWER}>
      <form className={styles.form} onSubmit={submit}>
        <div>
          <SegmentedControl
            fullWidth
            value={form.kind}
            onChange={(kind) => change({ kind: kind as BatchKind })}
            data={KINDS.map((value) => ({ value, label: words.kinds[value] }))}
          />
          <p className={styles.hint}>{words.kindTexts[form.kind]}</p>
        </div>
        <ImageFields projectId={projectId} form={form} change={change} />
        {form.kind === "automatic" && <AutomaticFields projectId={projectId} form={form} change={change} />}
        {form.kind === "prefill" && <PrefillFields projectId={projectId} form={form} change={change} />}
        <WhenFields form={form} change={change} />
        <MoreFields projectId={projectId} form={form} change={change} />
        <div className={styles.foot}>
          <Estimate projectId={projectId} form={form} />
          {start.error && (
            <div role="alert" className={styles.error}>
              {start.error.message}
            </div>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {texts.cancel}
            </Button>
            <Button type="submit" loading={start.isPending} disabled={!isComplete(form)}>
              {form.when === "now" ? words.start : words.plan}
            </Button>
          </Group>
        </div>
      </form>
    </Drawer>
  );
}

const DRAWER = { title: { fontWeight: 600 } };

function useStart(projectId: string, onClose: () => void) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const params = { path: { project_id: projectId } };
  return useMutation({
    mutationFn: async (form: BatchForm): Promise<string | null> => {
      const schedule = scheduleOf(form, Intl.DateTimeFormat().resolvedOptions().timeZone);
      if (schedule) {
        await unwrap(api.POST("/api/v1/projects/{project_id}/schedules", { params, body: schedule }));
        return null;
      }
      const body = orderOf(form);
      return (await unwrap(api.POST("/api/v1/projects/{project_id}/batches", { params, body }))).id;
    },
    onSuccess: async (batchId) => {
      await queries.invalidateQueries({ queryKey: ["projects", projectId] });
      if (batchId) await navigate(`/projects/${projectId}/batches/${batchId}`);
      else onClose();
    },
  });
}

export interface FieldsProps {
  form: BatchForm;
  change: (part: Partial<BatchForm>) => void;
}

function ImageFields({ projectId, form, change }: FieldsProps & { projectId: string }) {
  const tags = useQuery(tagsQuery(projectId)).data ?? [];
  return (
    <>
      <div>
        <label htmlFor="batch-images" className={styles.label}>
          {words.whichImages}
        </label>
        <SegmentedControl
          id="batch-images"
          fullWidth
          value={form.images}
          onChange={(images) => change({ images: images as BatchForm["images"] })}
          data={(["all", "unannotated", "annotated"] as const).map((value) => ({
            value,
            label: words.selections[value],
          }))}
        />
      </div>
      <Checkbox
        label={words.notDone}
        checked={form.notDone}
        onChange={(event) => change({ notDone: event.currentTarget.checked })}
      />
      <TextInput
        label={words.nameContains}
        value={form.nameContains}
        maxLength={200}
        onChange={(event) => change({ nameContains: event.currentTarget.value })}
      />
      {tags.length > 0 && (
        <Select
          label={words.tag}
          placeholder={words.tagNone}
          clearable
          searchable
          value={form.tag}
          onChange={(tag) => change({ tag })}
          data={tags.map(({ tag, images }) => ({ value: tag, label: words.tagOption(tag, images) }))}
        />
      )}
    </>
  );
}

/** What the batch would cost; an order that cannot be says why. */
function Estimate({ projectId, form }: { projectId: string; form: BatchForm }) {
  const estimate = useEstimate(projectId, form);
  const data = estimate.data;
  const text = estimate.error
    ? estimate.error.message
    : !data
      ? ""
      : data.images === 0
        ? words.estimateNone
        : data.seconds === null || data.seconds_per_image === null
          ? words.estimateUnknown(data.images)
          : words.estimate(
              data.images,
              duration(data.seconds),
              `${data.seconds_per_image.toPrecision(2)} s`,
              data.measured_images,
              data.same_settings,
            );
  return (
    <div className={`${styles.estimate} numbers`} role="status" data-testid="estimate">
      {text}
    </div>
  );
}
