import { Anchor, Button, Skeleton, Title } from "@mantine/core";
import { IconChecks, IconDownload, IconPlayerPause, IconPlayerPlay, IconX } from "@tabler/icons-react";
import { type UseMutationResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { api, unwrap } from "../../api/client";
import type { Schemas } from "../../api/types";
import { Confirm } from "../../components/Confirm";
import { Frame } from "../../components/Frame";
import { QueryProblem, takesPlace } from "../../components/QueryProblem";
import { BatchBar } from "./BatchBar";
import { BatchComparison } from "./BatchComparison";
import { BatchFailures } from "./BatchFailures";
import { BatchState } from "./BatchState";
import { BatchStrip } from "./BatchStrip";
import type { Preset } from "./batch_form";
import styles from "./batches.module.css";
import { ProjectTabs } from "./ProjectTabs";
import { batchQuery } from "./queries";
import { useBatchEvents } from "./use_batch_events";
import { type Batch, batchTitle, duration, moment, rateText, words } from "./words";

/** One batch, live: how far it is, what it finds, what failed, and what has changed since an earlier one. */
export function BatchPage() {
  const { projectId = "", batchId = "" } = useParams();
  const progress = useQuery(batchQuery(batchId));
  return (
    <Frame>
      {takesPlace(progress) ? (
        <QueryProblem error={progress.error} retry={progress.refetch} />
      ) : progress.data ? (
        <Running key={batchId} projectId={projectId} progress={progress.data} />
      ) : (
        <Skeleton height={240} />
      )}
    </Frame>
  );
}

interface RunningProps {
  projectId: string;
  progress: Schemas["BatchProgress"];
}

function Running({ projectId, progress }: RunningProps) {
  const { batch } = progress;
  const connected = useBatchEvents(batch.id);
  const steer = useSteering(batch.id);
  return (
    <>
      <div className={styles.bar}>
        <div className={styles.heading}>
          <Anchor component={Link} to={`/projects/${projectId}/batches`} size="xs" c="dimmed">
            {words.goesBack}
          </Anchor>
          <Title order={1} size="h3">
            {batchTitle(batch)} <BatchState state={batch.state} failed={batch.counts.failed} />
          </Title>
        </div>
        <Controls batch={batch} steer={steer} projectId={projectId} />
      </div>
      <ProjectTabs projectId={projectId} />
      {!connected && (
        <div className={styles.notice} role="status">
          {words.lostTouch}
        </div>
      )}
      {steer.error && (
        <div className={styles.error} role="alert">
          {steer.error.message}
        </div>
      )}
      <section className={styles.panel} data-testid="batch-progress" data-state={batch.state}>
        <Figures progress={progress} />
        <BatchBar counts={batch.counts} size={8} />
      </section>
      <section className={styles.panel} aria-label={words.latest}>
        <Title order={2} size="h6">
          {words.latest}
        </Title>
        <BatchStrip projectId={projectId} latest={progress.latest} />
        {batch.kind === "prefill" && batch.state === "finished" && batch.counts.masks === 0 && (
          <p className={styles.hint}>{words.prefilledNothing}</p>
        )}
      </section>
      <div className={styles.columns}>
        <div>
          <BatchFailures batch={batch} />
          <BatchComparison batch={batch} />
        </div>
        <BatchFacts batch={batch} />
      </div>
    </>
  );
}

type Action = "pause" | "resume" | "cancel";

function useSteering(batchId: string): UseMutationResult<Batch, Error, Action> {
  const queries = useQueryClient();
  const params = { path: { batch_id: batchId } };
  return useMutation({
    mutationFn: (action: Action): Promise<Batch> => {
      if (action === "pause") return unwrap(api.POST("/api/v1/batches/{batch_id}/pause", { params }));
      if (action === "resume") return unwrap(api.POST("/api/v1/batches/{batch_id}/resume", { params }));
      return unwrap(api.POST("/api/v1/batches/{batch_id}/cancel", { params }));
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["batches", batchId] }),
  });
}

interface ControlsProps {
  batch: Batch;
  projectId: string;
  steer: ReturnType<typeof useSteering>;
}

function Controls({ batch, projectId, steer }: ControlsProps) {
  const [asking, setAsking] = useState(false);
  const pending = (action: Action): boolean => steer.isPending && steer.variables === action;
  const open = batch.state === "running" || batch.state === "paused";
  return (
    <>
      {batch.waiting_for_review > 0 && (
        <Button
          component={Link}
          to={`/projects/${projectId}/review?batch=${batch.id}`}
          leftSection={<IconChecks size={16} />}
        >
          {words.toReview(batch.waiting_for_review)}
        </Button>
      )}
      {batch.kind === "export" && batch.state === "finished" && (
        <Button
          component="a"
          href={`/api/v1/batches/${batch.id}/files`}
          download
          leftSection={<IconDownload size={16} />}
        >
          {words.download}
        </Button>
      )}
      {batch.state === "running" && (
        <Button
          variant="default"
          leftSection={<IconPlayerPause size={16} />}
          loading={pending("pause")}
          onClick={() => steer.mutate("pause")}
        >
          {words.pause}
        </Button>
      )}
      {(batch.state === "paused" || batch.state === "cancelled") && (
        <Button
          variant="default"
          leftSection={<IconPlayerPlay size={16} />}
          loading={pending("resume")}
          onClick={() => steer.mutate("resume")}
        >
          {words.resume}
        </Button>
      )}
      {open && (
        <Button variant="default" leftSection={<IconX size={16} />} onClick={() => setAsking(true)}>
          {words.cancel}
        </Button>
      )}
      <Confirm
        opened={asking && open}
        title={words.cancel}
        text={words.cancelText}
        action={words.cancel}
        pending={pending("cancel")}
        error={null}
        onConfirm={() => steer.mutate("cancel", { onSettled: () => setAsking(false) })}
        onClose={() => setAsking(false)}
      />
    </>
  );
}

function Figures({ progress }: { progress: Schemas["BatchProgress"] }) {
  const { counts, state } = progress.batch;
  const left = counts.left + counts.running;
  return (
    <dl className={`${styles.figures} numbers`}>
      <Figure
        name={words.done}
        value={`${counts.done.toLocaleString("en")} / ${counts.total.toLocaleString("en")}`}
      />
      <Figure name={words.failed} value={counts.failed.toLocaleString("en")} />
      <Figure name={words.left} value={left.toLocaleString("en")} />
      <Figure name={words.masks} value={counts.masks.toLocaleString("en")} />
      <Figure name={words.perMinute} value={progress.rate === null ? "–" : rateText(progress.rate)} />
      <Figure
        name={words.timeLeft}
        value={progress.seconds_left !== null && state === "running" ? duration(progress.seconds_left) : "–"}
      />
    </dl>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function BatchFacts({ batch }: { batch: Batch }) {
  const facts: [string, string][] = [
    [words.facts.kind, words.kinds[batch.kind]],
    [words.facts.model, batch.model_name ?? "–"],
    [words.facts.started, moment(batch.created_at)],
    ...(batch.created_by_name ? ([[words.facts.by, batch.created_by_name]] as [string, string][]) : []),
    [words.facts.priority, words.priorities[batch.priority]],
    ...settingFacts(batch.settings),
  ];
  return (
    <section className={`${styles.panel} numbers`} aria-label={words.settings}>
      <Title order={2} size="h6">
        {words.settings}
      </Title>
      <dl className={styles.facts}>
        {facts.map(([name, value]) => (
          <Fact key={name} name={name} value={value} />
        ))}
      </dl>
    </section>
  );
}

function settingFacts({ calibrated, ...settings }: Batch["settings"]): [string, string][] {
  const own = Array.isArray(calibrated) ? calibrated : [];
  return Object.entries(settings).map(([key, value]) => {
    const text =
      value === null
        ? words.byMemory
        : typeof value === "number"
          ? String(Number(value.toFixed(4)))
          : key === "preset"
            ? (words.presets[value as Preset] ?? String(value))
            : String(value);
    return [words.settingNames[key] ?? key, own.includes(key) ? words.calibrated(text) : text];
  });
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
