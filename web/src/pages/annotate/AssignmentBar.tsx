import { Button } from "@mantine/core";
import type { Assignment } from "../../api/types";
import { texts } from "../../texts";
import styles from "./annotate.module.css";
import { Key } from "./Key";

interface AssignmentBarProps {
  assignment: Assignment;
  userId: string;
  onNext: () => void;
  onReopen: () => void;
}

/** Says when the image is not simply one's own: somebody else works on it, or it was closed. */
export function AssignmentBar({ assignment, userId, onNext, onReopen }: AssignmentBarProps) {
  const { state, user_id: whose, user_name: name, reason } = assignment;
  const elsewhere = state === "working" && whose !== userId;
  if (!elsewhere && state !== "finished" && state !== "skipped") return null;
  const who = whose === userId ? texts.you : (name ?? "");
  return (
    <div className={styles.assignment} data-state={elsewhere ? "elsewhere" : state} role="status">
      {elsewhere && texts.worksOnThis(who)}
      {state === "finished" && texts.finishedBy(who)}
      {state === "skipped" && texts.skippedBy(who, reason ?? "")}
      {!elsewhere && (
        <Button size="compact-xs" variant="default" onClick={onReopen}>
          {texts.reopen}
        </Button>
      )}
      <Button
        size="compact-xs"
        variant={elsewhere ? "filled" : "default"}
        onClick={onNext}
        rightSection={<Key name="nextImage" />}
      >
        {texts.nextImage}
      </Button>
    </div>
  );
}
