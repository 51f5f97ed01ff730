import { Skeleton } from "@mantine/core";
import { IconRefreshDot } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "react-router";
import { Frame } from "../../components/Frame";
import { PageMessage } from "../../components/PageMessage";
import { QueryProblem, takesPlace } from "../../components/QueryProblem";
import { ProjectHead } from "../batches/ProjectHead";
import { Contribution } from "./Contribution";
import { reportQuery } from "./queries";
import { RoundCharts } from "./RoundCharts";
import { RoundTable } from "./RoundTable";
import styles from "./report.module.css";
import { words } from "./words";

/** What the loop came to, round by round, beside the paper's own figures. */
export function ReportPage() {
  const { projectId = "" } = useParams();
  const report = useQuery(reportQuery(projectId));
  const rounds = report.data?.rounds ?? [];
  return (
    <Frame>
      <ProjectHead projectId={projectId} />
      {takesPlace(report) ? (
        <QueryProblem error={report.error} retry={report.refetch} />
      ) : !report.data ? (
        <Skeleton height={320} />
      ) : rounds.every(({ masks, runs }) => masks === 0 && runs.length === 0) ? (
        <PageMessage icon={<IconRefreshDot />} title={words.emptyTitle} text={words.emptyText} />
      ) : (
        <>
          <p className={styles.intro}>
            {words.intro} <Contribution className={styles.own} />
          </p>
          <RoundCharts rounds={rounds} reference={report.data.reference} />
          <RoundTable rounds={rounds} />
        </>
      )}
    </Frame>
  );
}
