import { Title } from "@mantine/core";
import type { Schemas } from "../../api/types";
import shared from "../batches/batches.module.css";
import { measuredRows, setsOf } from "./evaluation";
import { VerdictBadge, verdictOf } from "./RunState";
import styles from "./train.module.css";
import { words } from "./words";

/** Whether the candidate may take its base's place, why, and what was measured. */
export function VerdictPanel({ detail: { run, evaluation } }: { detail: Schemas["RetrainDetail"] }) {
  const verdict = verdictOf(run);
  return (
    <section className={shared.panel} data-testid="verdict" aria-label={words.verdict}>
      <Title order={2} size="h6">
        {words.verdict}
      </Title>
      {verdict ? (
        <>
          <div className={styles.verdict} style={{ marginTop: 8 }}>
            <strong>{verdict.passed ? words.verdictPassed : words.verdictRefused}</strong>
            <VerdictBadge verdict={verdict} />
          </div>
          <ul className={styles.reasons}>
            {verdict.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
            {verdict.promoted && <li>{words.verdictPromoted}</li>}
            {verdict.not_promoted_because && <li>{verdict.not_promoted_because}</li>}
          </ul>
        </>
      ) : (
        <p className={shared.hint}>{words.verdictWaits}</p>
      )}
      {setsOf(evaluation).map((set) => (
        <table key={set.name} className={`${styles.measured} numbers`}>
          <caption>
            <strong>{words.sets[set.name] ?? set.name}</strong>{" "}
            <span className="faint">{words.setSize(set.images, set.masks)}</span>
          </caption>
          <thead>
            <tr>
              <th scope="col">{words.figure}</th>
              <th scope="col">{words.base}</th>
              <th scope="col">{words.candidate}</th>
              <th scope="col">{words.difference}</th>
              <th scope="col" className={styles.optional}>
                {words.interval}
              </th>
            </tr>
          </thead>
          <tbody>
            {measuredRows(set).map((row) => (
              <tr key={row.name}>
                <th scope="row">{row.name}</th>
                <td>{row.base}</td>
                <td>{row.candidate}</td>
                <td data-better={row.better}>{row.difference}</td>
                <td className={`faint ${styles.optional}`}>{row.interval}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </section>
  );
}
