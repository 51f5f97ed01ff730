import { ActionIcon, Button, Skeleton, Tooltip } from "@mantine/core";
import { IconFileDownload, IconSnowflake } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { Schemas } from "../../api/types";
import shared from "../batches/batches.module.css";
import { moment } from "../batches/words";
import { snapshotDiffQuery, snapshotsQuery } from "./queries";
import styles from "./train.module.css";
import { words } from "./words";

type Snapshot = Schemas["Snapshot"];

/** The project's snapshots, each beside the one before it. */
export function Snapshots({ projectId }: { projectId: string }) {
  const snapshots = useQuery(snapshotsQuery(projectId));
  const queries = useQueryClient();
  const freeze = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/snapshots", {
          body: {
            project_ids: [projectId],
            filters: { minimum_area: 0, reviewed_only: false },
            validation_share: 0.2,
          },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: snapshotsQuery(projectId).queryKey }),
  });
  if (!snapshots.data) return <Skeleton height={80} />;
  return (
    <>
      {snapshots.data.length > 0 && (
        <table className={`${shared.table} numbers`} data-testid="snapshots">
          <thead>
            <tr>
              <th>{words.snapshotColumns.snapshot}</th>
              <th className={`${shared.number} ${styles.optional}`}>{words.snapshotColumns.images}</th>
              <th className={shared.number}>{words.snapshotColumns.masks}</th>
              <th className={shared.number}>{words.snapshotColumns.held}</th>
              <th className={shared.number} title={words.sinceWhy}>
                {words.snapshotColumns.since}
              </th>
              <th className={styles.optional}>{words.snapshotColumns.by}</th>
              <th>{words.snapshotColumns.frozen}</th>
              <th aria-label={words.manifest} />
            </tr>
          </thead>
          <tbody>
            {snapshots.data.map((snapshot) => (
              <SnapshotRow key={snapshot.id} snapshot={snapshot} />
            ))}
          </tbody>
        </table>
      )}
      {snapshots.data.length === 0 && <p className={shared.hint}>{words.noSnapshots}</p>}
      <div className={styles.freeze}>
        <Button
          variant="default"
          leftSection={<IconSnowflake size={16} />}
          loading={freeze.isPending}
          onClick={() => freeze.mutate()}
        >
          {words.freeze}
        </Button>
        {freeze.error && (
          <span role="alert" className={shared.error}>
            {freeze.error.message}
          </span>
        )}
      </div>
    </>
  );
}

function SnapshotRow({ snapshot }: { snapshot: Snapshot }) {
  const diff = useQuery(snapshotDiffQuery(snapshot.previous_id, snapshot.id)).data;
  const { train, validation } = snapshot.counts;
  return (
    <tr>
      <td>
        <strong>{snapshot.number}</strong> <span className="faint">{snapshot.name}</span>
      </td>
      <td className={`${shared.number} ${styles.optional}`}>
        {(train.images + validation.images).toLocaleString("en")}
      </td>
      <td className={shared.number}>{(train.masks + validation.masks).toLocaleString("en")}</td>
      <td className={shared.number}>{validation.masks.toLocaleString("en")}</td>
      <td className={shared.number} title={words.sinceWhy}>
        {diff ? words.since(diff.masks_added, diff.masks_changed, diff.masks_removed) : "–"}
      </td>
      <td className={`faint ${styles.optional}`}>{snapshot.created_by_name ?? "–"}</td>
      <td className="faint">{moment(snapshot.created_at)}</td>
      <td className={shared.number}>
        <Tooltip label={words.manifest}>
          <ActionIcon
            size="sm"
            component="a"
            href={`/api/v1/snapshots/${snapshot.id}/manifest`}
            download
            aria-label={words.manifest}
          >
            <IconFileDownload size={15} />
          </ActionIcon>
        </Tooltip>
      </td>
    </tr>
  );
}
