import { Button, CloseButton } from "@mantine/core";
import { Link } from "react-router";
import { texts } from "../../texts";
import styles from "./PageCard.module.css";

interface EndCardProps {
  projectId: string;
  onClose: () => void;
}

/** No image waits any more. */
export function EndCard({ projectId, onClose }: EndCardProps) {
  return (
    <section className={styles.card} role="status" data-testid="queue-end">
      <div className={styles.title}>
        <strong>{texts.queueEndTitle}</strong>
        <CloseButton size="sm" aria-label={texts.close} onClick={onClose} />
      </div>
      <p className={styles.text}>{texts.queueEndText}</p>
      <div className={styles.actions}>
        <Button size="xs" component={Link} to={`/projects/${projectId}`}>
          {texts.back}
        </Button>
      </div>
    </section>
  );
}
