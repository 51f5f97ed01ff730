import { SegmentedControl } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import type { ImageFilter } from "../../api/queries";
import styles from "./ProjectPage.module.css";
import { FILTERS } from "./use_listing";

interface StateFilterProps {
  filter: ImageFilter;
  onFilter: (filter: ImageFilter) => void;
}

/** Only the images in one state of work. Where it is wider than the page, the chosen part is scrolled into view. */
export function StateFilter({ filter, onFilter }: StateFilterProps) {
  const narrow = useMediaQuery("(max-width: 499px)");
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const chosen = scroller.current?.querySelector(`input[value="${filter}"] + label`);
    chosen?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [filter]);
  return (
    <div ref={scroller} className={styles.filter}>
      <SegmentedControl
        size={narrow ? "xs" : "sm"}
        data={FILTERS}
        value={filter}
        onChange={(value) => onFilter(value as ImageFilter)}
      />
    </div>
  );
}
