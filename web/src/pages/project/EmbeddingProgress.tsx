import { Button, Collapse, Progress } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { progressQuery } from "../../api/queries";
import { texts } from "../../texts";
import styles from "./ProjectPage.module.css";

/** How many images are ready for clicking, and what failed; gone when there is nothing to say. */
export function EmbeddingProgress({ projectId }: { projectId: string }) {
  const queries = useQueryClient();
  const [opened, { toggle }] = useDisclosure(false);
  const progress = useQuery(progressQuery(projectId));
  const retry = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/projects/{project_id}/progress/retry", {
          params: { path: { project_id: projectId } },
        }),
      ),
    onSuccess: (answer) => queries.setQueryData(progressQuery(projectId).queryKey, answer),
  });
  if (!progress.data) return null;
  const { embedding, failures } = progress.data;
  const { done, queued, running, failed } = embedding;
  const total = done + queued + running + failed;
  if (queued + running + failed === 0) return null;
  return (
    <section className={styles.panel} data-testid="embedding-progress">
      <div className={`${styles.panelHead} numbers`}>
        <span>{texts.embeddingProgress(done, total)}</span>
        {failed > 0 && (
          <>
            <span>{texts.embeddingFailures(failed)}</span>
            <Button size="compact-xs" variant="subtle" onClick={toggle} aria-expanded={opened}>
              {texts.details}
            </Button>
            <Button
              size="compact-xs"
              variant="default"
              loading={retry.isPending}
              onClick={() => retry.mutate()}
            >
              {texts.retry}
            </Button>
          </>
        )}
      </div>
      <Progress.Root size={4} mt={10}>
        <Progress.Section
          value={(100 * done) / total}
          color="azure"
          aria-label={texts.embeddingProgress(done, total)}
        />
        <Progress.Section
          value={(100 * failed) / total}
          color="red"
          aria-label={texts.embeddingFailures(failed)}
        />
      </Progress.Root>
      <Collapse expanded={opened && failed > 0}>
        <ul className={styles.uploads}>
          {failures.map((failure) => (
            <li key={failure.image_id} className={styles.upload}>
              <span className={styles.name}>{failure.file_name}</span>
              <span className={styles.error}>{failure.error}</span>
            </li>
          ))}
        </ul>
      </Collapse>
    </section>
  );
}
