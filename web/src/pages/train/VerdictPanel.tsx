import { Title } from "@mantine/core";
import type { Schemas } from "../../api/types";
import shared from "../batches/batches.module.css";
import { setsOf } from "./evaluation";
import { Measured } from "./Measured";
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
        <Measured key={set.name} set={set} />
      ))}
    </section>
  );
}
