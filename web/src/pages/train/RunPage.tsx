import { Anchor, Skeleton, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import type { Schemas } from "../../api/types";
import { Frame } from "../../components/Frame";
import { QueryProblem, takesPlace } from "../../components/QueryProblem";
import shared from "../batches/batches.module.css";
import { ProjectTabs } from "../batches/ProjectTabs";
import { duration } from "../batches/words";
import { runQuery } from "./queries";
import { RunControls, useSteering } from "./RunControls";
import { iouOf, lossOf, RunCurves } from "./RunCurves";
import { RunFacts } from "./RunFacts";
import { RunState } from "./RunState";
import { RunBar } from "./RunTable";
import { useRunEvents } from "./use_run_events";
import { VerdictPanel } from "./VerdictPanel";
import { shareText, words } from "./words";

/** One run, live: how far it is, its curves, and what came of it. */
export function RunPage() {
  const { projectId = "", runId = "" } = useParams();
  const detail = useQuery(runQuery(runId));
  return (
    <Frame>
      {takesPlace(detail) ? (
        <QueryProblem error={detail.error} retry={detail.refetch} />
      ) : detail.data ? (
        <Watched key={runId} projectId={projectId} detail={detail.data} />
      ) : (
        <Skeleton height={320} />
      )}
    </Frame>
  );
}

interface WatchedProps {
  projectId: string;
  detail: Schemas["RetrainDetail"];
}

function Watched({ projectId, detail }: WatchedProps) {
  const { run } = detail;
  const connected = useRunEvents(run.id);
  const steer = useSteering(run.id);
  return (
    <>
      <div className={shared.bar}>
        <div className={shared.heading}>
          <Anchor component={Link} to={`/projects/${projectId}/train`} size="xs" c="dimmed">
            {words.goesBack}
          </Anchor>
          <Title order={1} size="h3">
            {words.runTitle(run)} <RunState run={run} />
          </Title>
        </div>
        <RunControls run={run} steer={steer} />
      </div>
      <ProjectTabs projectId={projectId} />
      {!connected && (
        <div className={shared.notice} role="status">
          {words.lostTouch}
        </div>
      )}
      {(steer.error || run.error) && (
        <div className={`${shared.panel} ${shared.error}`} role="alert">
          {steer.error?.message ?? run.error}
        </div>
      )}
      <section className={shared.panel} data-testid="run-progress" data-state={run.state}>
        <Figures detail={detail} />
        <RunBar run={run} size={8} />
      </section>
      <RunCurves detail={detail} />
      <div className={shared.columns}>
        <VerdictPanel detail={detail} />
        <RunFacts run={run} />
      </div>
    </>
  );
}

function Figures({ detail: { run, points } }: { detail: Schemas["RetrainDetail"] }) {
  const last = points.at(-1);
  const loss = last && lossOf(last);
  const iou = last && iouOf(last)[0];
  const figures: [string, string][] = [
    [words.figures.step, words.stepsOf(run.step, run.steps)],
    [words.figures.left, run.seconds_left === null ? "–" : duration(run.seconds_left)],
    [words.figures.loss, loss === undefined ? "–" : loss.toPrecision(3)],
    ...(run.kind === "promptable"
      ? ([[words.figures.iou, iou === undefined ? "–" : shareText(iou)]] as [string, string][])
      : []),
    [words.figures.trained, run.counts.train.masks.toLocaleString("en")],
    [words.figures.held, run.counts.validation.masks.toLocaleString("en")],
    [words.figures.machine, run.machine_seconds > 0 ? duration(run.machine_seconds) : "–"],
  ];
  return (
    <dl className={`${shared.figures} numbers`}>
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
