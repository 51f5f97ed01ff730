import type { Mask } from "../api/types";
import { texts } from "../texts";
import styles from "./StageBadge.module.css";

/** How a mask came to be, alike on every page. */
export function StageBadge({ stage }: { stage: Mask["stage"] }) {
  return (
    <span className={styles.badge} data-stage={stage}>
      {texts.stages[stage]}
    </span>
  );
}
