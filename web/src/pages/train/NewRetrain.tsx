import { Button, Drawer, Group, SegmentedControl } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import { api, unwrap } from "../../api/client";
import { texts } from "../../texts";
import shared from "../batches/batches.module.css";
import { DataFields } from "./DataFields";
import { MoreFields } from "./MoreFields";
import { EMPTY_FORM, isComplete, orderOf, scheduleOf, type TrainForm } from "./train_form";
import { WhenFields } from "./WhenFields";
import { type RunKind, words } from "./words";

export interface FieldsProps {
  form: TrainForm;
  change: (part: Partial<TrainForm>) => void;
}

interface NewRetrainProps {
  projectId: string;
  onClose: () => void;
}

/** What to train, on which masks, and when. As it opens, it does the right thing. */
export function NewRetrain({ projectId, onClose }: NewRetrainProps) {
  const [form, setForm] = useState(EMPTY_FORM);
  const change = (part: Partial<TrainForm>): void => setForm((before) => ({ ...before, ...part }));
  const start = useStart(projectId, onClose);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    start.mutate(form);
  };
  return (
    <Drawer opened onClose={onClose} title={words.retrain} position="right" size={460} styles={DRAWER}>
      <form className={shared.form} onSubmit={submit}>
        <div>
          <SegmentedControl
            fullWidth
            value={form.kind}
            onChange={(kind) => change({ kind: kind as RunKind })}
            data={(["promptable", "detector"] as const).map((value) => ({
              value,
              label: words.kinds[value],
            }))}
          />
          <p className={shared.hint}>{words.kindTexts[form.kind]}</p>
        </div>
        <DataFields projectId={projectId} form={form} change={change} />
        <WhenFields form={form} change={change} />
        <MoreFields projectId={projectId} form={form} change={change} />
        <div className={shared.foot}>
          {start.error && (
            <div role="alert" className={shared.error}>
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
  return useMutation({
    mutationFn: async (form: TrainForm): Promise<string | null> => {
      const schedule = scheduleOf(projectId, form, Intl.DateTimeFormat().resolvedOptions().timeZone);
      if (schedule) {
        const params = { path: { project_id: projectId } };
        await unwrap(api.POST("/api/v1/projects/{project_id}/retrain-schedules", { params, body: schedule }));
        return null;
      }
      return (await unwrap(api.POST("/api/v1/retrains", { body: orderOf(projectId, form) }))).id;
    },
    onSuccess: async (runId) => {
      await queries.invalidateQueries({ queryKey: ["projects", projectId] });
      if (runId) await navigate(`/projects/${projectId}/train/${runId}`);
      else onClose();
    },
  });
}
