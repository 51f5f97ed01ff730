import { Progress } from "@mantine/core";
import type { Schemas } from "../../api/types";
import { words } from "./words";

interface BatchBarProps {
  counts: Schemas["BatchCounts"];
  size?: number;
}

/** Done and failed images as parts of all. */
export function BatchBar({ counts, size = 6 }: BatchBarProps) {
  const share = (count: number): number => (counts.total ? (100 * count) / counts.total : 0);
  return (
    <Progress.Root size={size} radius="xs" transitionDuration={200}>
      <Progress.Section
        value={share(counts.done)}
        color="azure"
        aria-label={`${counts.done} ${words.done}`}
      />
      <Progress.Section
        value={share(counts.failed)}
        color="red"
        aria-label={`${counts.failed} ${words.failed}`}
      />
    </Progress.Root>
  );
}
