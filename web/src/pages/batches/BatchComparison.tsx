import { Select, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import styles from "./batches.module.css";
import { comparableQuery } from "./queries";
import { useComparison } from "./use_comparison";
import { type Batch, batchTitle, moment, words } from "./words";

/** Masks gained, lost and changed since an earlier batch of the same images; absent for kinds that make none. */
export function BatchComparison({ batch }: { batch: Batch }) {
  const earlier = useQuery(comparableQuery(batch.id));
  const [chosen, setChosen] = useState<string | null>(null);
  const comparison = useComparison(batch.id, chosen, batch.counts.done);
  if (!earlier.data || earlier.data.length === 0) return null;
  const { totals } = comparison;
  return (
    <section className={styles.panel} data-testid="comparison">
      <div className={styles.head}>
        <Title order={2} size="h6">
          {words.comparison}
        </Title>
        <Select
          size="xs"
          w={280}
          aria-label={words.compare}
          placeholder={words.compare}
          value={chosen}
          onChange={setChosen}
          data={earlier.data.map((job) => ({
            value: job.id,
            label: `${batchTitle(job)}, ${moment(job.created_at)}`,
          }))}
        />
      </div>
      {chosen && (
        <>
          <dl className={`${styles.figures} numbers`} style={{ marginTop: 12 }}>
            {(["gained", "lost", "changed", "same"] as const).map((what) => (
              <div key={what}>
                <dt>{words[what]}</dt>
                <dd>{totals[what].toLocaleString("en")}</dd>
              </div>
            ))}
          </dl>
          <p className={styles.hint}>{words.compared(comparison.items.length, comparison.total)}</p>
          {comparison.error && <p className={styles.error}>{comparison.error.message}</p>}
          <ul className={`${styles.list} numbers`}>
            {comparison.items.map((image) => (
              <li key={image.image_id}>
                <span>{image.file_name}</span>
                <span className="faint">
                  +{image.gained} −{image.lost} ~{image.changed} ={image.same}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
