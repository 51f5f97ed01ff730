import { Button, Skeleton, Title } from "@mantine/core";
import { IconPlus, IconStack2 } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { api, unwrap } from "../../api/client";
import type { Schemas } from "../../api/types";
import { Frame } from "../../components/Frame";
import { PageMessage } from "../../components/PageMessage";
import { QueryProblem, takesPlace } from "../../components/QueryProblem";
import { BatchBar } from "./BatchBar";
import { BatchState } from "./BatchState";
import styles from "./batches.module.css";
import { NewBatch } from "./NewBatch";
import { PlannedItem } from "./PlannedItem";
import { ProjectHead } from "./ProjectHead";
import { batchesQuery, schedulesQuery } from "./queries";
import { type Batch, batchTitle, moment, words } from "./words";

/** A project's batches, those that are planned, and the way to a new one. */
export function BatchesPage() {
  const { projectId = "" } = useParams();
  const [making, setMaking] = useState(false);
  const batches = useQuery(batchesQuery(projectId));
  const schedules = useQuery(schedulesQuery(projectId));
  const newBatch = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setMaking(true)}>
      {words.newBatch}
    </Button>
  );
  return (
    <Frame>
      <ProjectHead projectId={projectId}>{newBatch}</ProjectHead>
      {takesPlace(batches) ? (
        <QueryProblem error={batches.error} retry={batches.refetch} />
      ) : !batches.data ? (
        <Skeleton height={180} />
      ) : batches.data.length === 0 && !schedules.data?.length ? (
        <PageMessage icon={<IconStack2 />} title={words.noBatchesTitle} text={words.noBatchesText} />
      ) : (
        <>
          {schedules.data && schedules.data.length > 0 && <Schedules schedules={schedules.data} />}
          {batches.data.length > 0 && <BatchTable batches={batches.data} />}
        </>
      )}
      {making && <NewBatch projectId={projectId} onClose={() => setMaking(false)} />}
    </Frame>
  );
}

function BatchTable({ batches }: { batches: Batch[] }) {
  return (
    <table className={`${styles.table} numbers`} data-testid="batches">
      <thead>
        <tr>
          <th>{words.columns.batch}</th>
          <th>{words.columns.model}</th>
          <th className={styles.wide}>{words.columns.images}</th>
          <th className={styles.number}>{words.columns.failed}</th>
          <th className={styles.number}>{words.columns.masks}</th>
          <th className={styles.number}>{words.columns.review}</th>
          <th>{words.columns.started}</th>
        </tr>
      </thead>
      <tbody>
        {batches.map((batch) => (
          <tr key={batch.id}>
            <td>
              <Link to={batch.id} className={styles.title}>
                {batchTitle(batch)}
              </Link>
              <BatchState state={batch.state} failed={batch.counts.failed} />
            </td>
            <td className="faint">{batch.model_name ?? "–"}</td>
            <td>
              <BatchBar counts={batch.counts} />
              <span className={styles.under}>
                {batch.counts.done.toLocaleString("en")} / {batch.counts.total.toLocaleString("en")}
              </span>
            </td>
            <td className={styles.number} data-bad={batch.counts.failed > 0 || undefined}>
              {batch.counts.failed.toLocaleString("en")}
            </td>
            <td className={styles.number}>{batch.counts.masks.toLocaleString("en")}</td>
            <td className={styles.number}>{batch.waiting_for_review.toLocaleString("en")}</td>
            <td className="faint">{moment(batch.created_at)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Schedules({ schedules }: { schedules: Schemas["Schedule"][] }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE("/api/v1/schedules/{schedule_id}", { params: { path: { schedule_id: id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["projects"] }),
  });
  return (
    <section className={styles.panel} aria-label={words.planned} data-testid="schedules">
      <Title order={2} size="h6">
        {words.planned}
      </Title>
      <ul className={styles.plans}>
        {schedules.map((schedule) => (
          <PlannedItem
            key={schedule.id}
            what={words.kinds[schedule.kind]}
            when={schedule.when}
            nextAt={schedule.next_at}
            lastError={schedule.last_error}
            removing={remove.isPending && remove.variables === schedule.id}
            onRemove={() => remove.mutate(schedule.id)}
          />
        ))}
      </ul>
    </section>
  );
}
