import { Button, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import styles from "./batches.module.css";
import { failuresQuery } from "./queries";
import { type Batch, words } from "./words";

/** What failed, image by image, with its reason; gone when nothing did. */
export function BatchFailures({ batch }: { batch: Batch }) {
  const failures = useQuery(failuresQuery(batch.id, batch.counts.failed));
  const queries = useQueryClient();
  const retry = useMutation({
    mutationFn: (imageIds: string[] | null) =>
      unwrap(
        api.POST("/api/v1/batches/{batch_id}/retry", {
          params: { path: { batch_id: batch.id } },
          body: { image_ids: imageIds },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["batches", batch.id] }),
  });
  if (batch.counts.failed === 0) return null;
  return (
    <section className={styles.panel} data-testid="failures">
      <div className={styles.head}>
        <Title order={2} size="h6">
          {words.failures}
        </Title>
        <Button
          size="compact-xs"
          variant="default"
          loading={retry.isPending && retry.variables === null}
          onClick={() => retry.mutate(null)}
        >
          {words.tryAllAgain}
        </Button>
      </div>
      <ul className={styles.list}>
        {(failures.data ?? []).map((failure) => (
          <li key={failure.image_id}>
            <span>{failure.file_name}</span>
            <span className={styles.error}>{failure.error}</span>
            <Button size="compact-xs" variant="subtle" onClick={() => retry.mutate([failure.image_id])}>
              {words.tryAgain}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
