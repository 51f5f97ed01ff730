import styles from "./train.module.css";
import { type Run, words } from "./words";

/** A run's state and, once there is one, its verdict. */
export function RunState({ run }: { run: Pick<Run, "state"> }) {
  return (
    <span className={styles.state} data-state={run.state}>
      {words.states[run.state]}
    </span>
  );
}

export function VerdictBadge({ verdict }: { verdict: Verdict | null }) {
  if (!verdict) return <span className="faint">–</span>;
  const state = verdict.promoted ? "promoted" : verdict.passed ? "passed" : "refused";
  return (
    <span className={styles.state} data-state={state}>
      {words[state]}
    </span>
  );
}

/** The stored verdict, as `engine.evaluation.gate` writes it. */
export interface Verdict {
  readonly passed: boolean;
  readonly reasons: readonly string[];
  readonly promoted?: boolean;
  readonly not_promoted_because?: string | null;
}

export function verdictOf(run: Pick<Run, "verdict">): Verdict | null {
  return run.verdict as Verdict | null;
}
