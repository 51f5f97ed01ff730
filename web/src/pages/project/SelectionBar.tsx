import { ActionBar, Button, CloseButton } from "@mantine/core";
import { IconTag } from "@tabler/icons-react";
import type { Ref } from "react";
import styles from "./tagging.module.css";
import { words } from "./words";

interface SelectionBarProps {
  count: number;
  tagButton: Ref<HTMLButtonElement>;
  onTag: () => void;
  onPickAll: () => void;
  onClear: () => void;
}

/** What can be done with the chosen images; floats over the page, so that nothing jumps. */
export function SelectionBar({ count, tagButton, onTag, onPickAll, onClear }: SelectionBarProps) {
  return (
    <ActionBar
      opened={count > 0}
      aria-label={words.selection}
      className={styles.bar}
      shadow="md"
      position={{ bottom: 20, left: 0, right: 0 }}
      // Above the cards and the header, below every dialog.
      zIndex={50}
      transitionProps={{ transition: "fade", duration: 90, exitDuration: 0 }}
      data-testid="selection-bar"
    >
      <span className={`${styles.count} numbers`}>{words.selected(count)}</span>
      <Button
        ref={tagButton}
        size="compact-sm"
        leftSection={<IconTag size={14} aria-hidden />}
        title={words.tagHint}
        onClick={onTag}
      >
        {words.tag}
      </Button>
      <Button
        className={styles.all}
        size="compact-sm"
        variant="default"
        title={words.selectPageHint}
        onClick={onPickAll}
      >
        {words.selectPage}
      </Button>
      <CloseButton aria-label={words.clear} title={words.clearHint} onClick={onClear} />
    </ActionBar>
  );
}
