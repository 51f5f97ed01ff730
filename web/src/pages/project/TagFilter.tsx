import { Select } from "@mantine/core";
import { IconTag } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { KeyboardEvent } from "react";
import { tagsQuery } from "../batches/queries";
import styles from "./tagging.module.css";
import { words } from "./words";

interface TagFilterProps {
  projectId: string;
  tag: string | null;
  onTag: (tag: string | null) => void;
}

/** Options listed at once; whoever has more tags types a few letters. */
const LISTED = 100;

/** Only the images with a tag. Nothing to be seen in a project without tags. */
export function TagFilter({ projectId, tag, onTag }: TagFilterProps) {
  const tags = useQuery(tagsQuery(projectId)).data ?? [];
  if (tags.length === 0 && tag === null) return null;
  const options = tags.map(({ tag: value, images }) => ({ value, label: words.tagOption(value, images) }));
  // A tag of the address that no image has any more.
  if (tag !== null && !tags.some((known) => known.tag === tag)) options.push({ value: tag, label: tag });

  function chooseFirst(event: KeyboardEvent<HTMLInputElement>): void {
    const typed = event.currentTarget.value.trim().toLowerCase();
    if (event.key !== "Enter" || typed === "") return;
    // The library chooses the first option once the list is there; who types faster than it opens means the same.
    const list = document.getElementById(event.currentTarget.getAttribute("aria-controls") ?? "");
    if (list?.querySelector("[data-combobox-selected]")) return;
    const first = options.find(({ label }) => label.toLowerCase().includes(typed));
    if (first === undefined || first.value === tag) return;
    event.currentTarget.blur();
    onTag(first.value);
  }

  return (
    <Select
      className={styles.filter}
      aria-label={words.onlyTagged}
      placeholder={words.anyTag}
      leftSection={<IconTag size={15} aria-hidden />}
      searchable
      selectFirstOptionOnChange
      clearable
      clearButtonProps={{ "aria-label": words.anyTag }}
      limit={LISTED}
      nothingFoundMessage={words.noSuchTag}
      data={options}
      onKeyDown={chooseFirst}
      value={tag}
      onChange={onTag}
    />
  );
}
