import {
  Button,
  Checkbox,
  Drawer,
  Group,
  NumberInput,
  Select,
  Switch,
  TextInput,
  Title,
} from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, unwrap } from "../../api/client";
import type { Schemas } from "../../api/types";
import { texts } from "../../texts";
import shared from "../batches/batches.module.css";
import { loopSettingsQuery, type LoopSettings as Settings } from "./queries";
import { words } from "./words";

interface LoopSettingsProps {
  projectId: string;
  onClose: () => void;
}

/** How candidates are judged, on what, and whether those that pass go live by themselves. */
export function LoopSettings({ projectId, onClose }: LoopSettingsProps) {
  const stored = useQuery({ ...loopSettingsQuery(projectId), staleTime: 0 });
  return (
    <Drawer opened onClose={onClose} title={words.gate.title} position="right" size={460} styles={DRAWER}>
      {stored.data && stored.isFetchedAfterMount && (
        <Form projectId={projectId} stored={stored.data} onClose={onClose} />
      )}
    </Drawer>
  );
}

const DRAWER = { title: { fontWeight: 600 } };
const CLICKS = [1, 3, 5] as const;

function Form({ projectId, stored, onClose }: LoopSettingsProps & { stored: Settings }) {
  const [gate, setGate] = useState(stored.gate);
  const [benchmark, setBenchmark] = useState(stored.benchmark);
  const [autoPromote, setAutoPromote] = useState(stored.auto_promote);
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      unwrap(
        api.PUT("/api/v1/projects/{project_id}/loop-settings", {
          params: { path: { project_id: projectId } },
          body: { gate, benchmark, auto_promote: autoPromote },
        }),
      ),
    onSuccess: (saved) => {
      queries.setQueryData(loopSettingsQuery(projectId).queryKey, saved);
      onClose();
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  const clicks = gate?.clicks ?? [...CLICKS];
  return (
    <form className={shared.form} onSubmit={submit}>
      <Switch
        label={words.gate.autoPromote}
        checked={autoPromote ?? false}
        onChange={(event) => setAutoPromote(event.currentTarget.checked)}
      />
      <Title order={3} size="h6">
        {words.gate.rules}
      </Title>
      <Checkbox.Group
        label={words.gate.clicks}
        value={clicks.map(String)}
        onChange={(chosen) =>
          setGate({ ...gate, clicks: CLICKS.filter((each) => chosen.includes(String(each))) })
        }
      >
        <Group mt={4} gap="md">
          {CLICKS.map((each) => (
            <Checkbox key={each} value={String(each)} label={words.gate.after(each)} />
          ))}
        </Group>
      </Checkbox.Group>
      <div className={shared.pair}>
        <NumberInput
          label={words.gate.betterAt}
          min={0}
          max={6}
          allowDecimal={false}
          value={gate?.better_at ?? 1}
          onChange={(value) => typeof value === "number" && setGate({ ...gate, better_at: value })}
        />
        <Select
          label={words.gate.betterOn}
          allowDeselect={false}
          value={gate?.better_on ?? "either"}
          onChange={(value) => setGate({ ...gate, better_on: (value ?? "either") as BetterOn })}
          data={(["either", "validation", "benchmark", "both"] as const).map((value) => ({
            value,
            label: words.gate.sets[value],
          }))}
        />
        <NumberInput
          label={words.gate.largestLoss}
          min={0}
          max={100}
          step={0.1}
          value={gate?.largest_loss ?? 0.5}
          onChange={(value) => typeof value === "number" && setGate({ ...gate, largest_loss: value })}
        />
      </div>
      <Checkbox
        label={words.gate.certain}
        checked={gate?.certain ?? true}
        onChange={(event) => setGate({ ...gate, certain: event.currentTarget.checked })}
      />
      <Title order={3} size="h6">
        {words.gate.benchmark}
      </Title>
      <div className={shared.pair}>
        <NumberInput
          label={words.gate.scenes}
          min={0}
          max={1000}
          allowDecimal={false}
          value={benchmark?.scenes ?? 24}
          onChange={(value) => typeof value === "number" && setBenchmark({ ...benchmark, scenes: value })}
        />
        <NumberInput
          label={words.gate.heldOut}
          min={1}
          allowDecimal={false}
          value={benchmark?.held_out_images ?? 200}
          onChange={(value) =>
            typeof value === "number" && setBenchmark({ ...benchmark, held_out_images: value })
          }
        />
      </div>
      <TextInput
        label={words.gate.folder}
        description={words.gate.folderHint}
        inputWrapperOrder={["label", "input", "description"]}
        value={benchmark?.folder ?? ""}
        onChange={(event) => setBenchmark({ ...benchmark, folder: event.currentTarget.value.trim() || null })}
      />
      <Checkbox
        label={words.gate.noc}
        checked={benchmark?.noc ?? true}
        onChange={(event) => setBenchmark({ ...benchmark, noc: event.currentTarget.checked })}
      />
      <div className={shared.foot}>
        {save.error && (
          <div role="alert" className={shared.error}>
            {save.error.message}
          </div>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {texts.cancel}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={clicks.length === 0}>
            {texts.save}
          </Button>
        </Group>
      </div>
    </form>
  );
}

type BetterOn = NonNullable<Schemas["GateSettings"]["better_on"]>;
