import styles from "./batches.module.css";
import { type Batch, words } from "./words";

/** A batch's state, with the colour that says whether it needs somebody. */
export function BatchState({ state, failed }: { state: Batch["state"]; failed: number }) {
  return (
    <span className={styles.state} data-state={failed > 0 && state === "finished" ? "failed" : state}>
      {words.states[state]}
    </span>
  );
}
