import { ActionIcon, Tooltip } from "@mantine/core";
import { IconCalendarTime, IconTrash } from "@tabler/icons-react";
import styles from "./batches.module.css";
import { moment, words } from "./words";

interface PlannedItemProps {
  readonly what: string;
  readonly when: string;
  readonly nextAt: string | null;
  readonly lastError: string | null;
  readonly removing: boolean;
  readonly onRemove: () => void;
}

/** Something that starts by itself: what, when, why it could not the last time, and the way to end it. */
export function PlannedItem({ what, when, nextAt, lastError, removing, onRemove }: PlannedItemProps) {
  return (
    <li>
      <IconCalendarTime size={16} aria-hidden className={styles.icon} />
      <span>{what}</span>
      <span className="faint">
        {when}
        {nextAt && ` · ${words.next(moment(nextAt))}`}
      </span>
      {lastError && <span className={styles.error}>{lastError}</span>}
      <Tooltip label={words.unschedule}>
        <ActionIcon aria-label={words.unschedule} loading={removing} onClick={onRemove}>
          <IconTrash size={15} />
        </ActionIcon>
      </Tooltip>
    </li>
  );
}
