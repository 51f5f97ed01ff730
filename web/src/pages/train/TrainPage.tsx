import { Button, Skeleton, Title } from "@mantine/core";
import { IconBrain, IconScale } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useParams } from "react-router";
import { Frame } from "../../components/Frame";
import { PageMessage } from "../../components/PageMessage";
import { QueryProblem, takesPlace } from "../../components/QueryProblem";
import { ProjectHead } from "../batches/ProjectHead";
import { useMayManage } from "../models/use_role";
import { LoopSettings } from "./LoopSettings";
import { NewRetrain } from "./NewRetrain";
import { retrainSchedulesQuery, runsQuery } from "./queries";
import { RunTable } from "./RunTable";
import { Schedules } from "./Schedules";
import { Snapshots } from "./Snapshots";
import styles from "./train.module.css";
import { words } from "./words";

/** A project's retraining: its runs, what is planned, its snapshots, and the way to a new run. */
export function TrainPage() {
  const { projectId = "" } = useParams();
  const [making, setMaking] = useState(false);
  const [judging, setJudging] = useState(false);
  const mayManage = useMayManage();
  const runs = useQuery(runsQuery(projectId));
  const schedules = useQuery(retrainSchedulesQuery(projectId));
  return (
    <Frame>
      <ProjectHead projectId={projectId}>
        {mayManage && (
          <>
            <Button variant="default" leftSection={<IconScale size={16} />} onClick={() => setJudging(true)}>
              {words.gate.title}
            </Button>
            <Button leftSection={<IconBrain size={16} />} onClick={() => setMaking(true)}>
              {words.retrain}
            </Button>
          </>
        )}
      </ProjectHead>
      {takesPlace(runs) ? (
        <QueryProblem error={runs.error} retry={runs.refetch} />
      ) : !runs.data ? (
        <Skeleton height={180} />
      ) : (
        <>
          {schedules.data && schedules.data.length > 0 && <Schedules schedules={schedules.data} />}
          {runs.data.length > 0 ? (
            <RunTable runs={runs.data} />
          ) : (
            <PageMessage icon={<IconBrain />} title={words.noRunsTitle} text={words.noRunsText} />
          )}
          <Title order={2} size="h6" className={styles.section}>
            {words.snapshots}
          </Title>
          <Snapshots projectId={projectId} />
        </>
      )}
      {judging && <LoopSettings projectId={projectId} onClose={() => setJudging(false)} />}
      {making && <NewRetrain projectId={projectId} onClose={() => setMaking(false)} />}
    </Frame>
  );
}
