import { VisuallyHidden } from "@mantine/core";
import { useCallback, useMemo, useRef, useState } from "react";
import type { Image } from "../../api/types";
import { useMayManage } from "../models/use_role";
import { DeleteImage } from "./DeleteImage";
import { ImageCard } from "./ImageCard";
import styles from "./ProjectPage.module.css";
import { SelectionBar } from "./SelectionBar";
import { TagDialog } from "./TagDialog";
import { useSelection } from "./use_selection";
import { useSelectionKeys } from "./use_selection_keys";
import { words } from "./words";

interface ImageCardsProps {
  projectId: string;
  /** Names what the images were chosen by; a selection ends with it. */
  listing: string;
  images: readonly Image[];
}

/** A page of images, to open, delete, and choose in order to tag them. */
export function ImageCards({ projectId, listing, images }: ImageCardsProps) {
  const mayManage = useMayManage();
  const { chosen, pick, pickAll, drop, clear } = useSelection(listing, images);
  const [tagging, setTagging] = useState(false);
  const [outcome, setOutcome] = useState("");
  const [doomed, setDoomed] = useState<Image | null>(null);
  const grid = useRef<HTMLDivElement>(null);
  const tagButton = useRef<HTMLButtonElement>(null);
  const chosenImages = useMemo(() => [...chosen.values()], [chosen]);
  const begun = chosen.size > 0;

  /** What had the focus goes away with the selection. */
  const leave = useCallback(() => {
    clear();
    grid.current?.focus({ preventScroll: true });
  }, [clear]);
  const tag = useCallback(() => setTagging(true), []);
  useSelectionKeys(begun && !tagging, { clear: leave, pickAll, tag });
  return (
    <>
      <div className={styles.grid} ref={grid} tabIndex={-1}>
        {images.map((image) => (
          <ImageCard
            key={image.id}
            image={image}
            picking={mayManage ? { chosen: chosen.has(image.id), begun, pick } : null}
            onDelete={mayManage ? setDoomed : null}
          />
        ))}
      </div>
      <VisuallyHidden role="status">{begun ? words.selected(chosen.size) : outcome}</VisuallyHidden>
      <SelectionBar
        count={chosen.size}
        tagButton={tagButton}
        onTag={tag}
        onPickAll={pickAll}
        onClear={leave}
      />
      <TagDialog
        projectId={projectId}
        opened={tagging}
        images={chosenImages}
        onChanged={(changed) => {
          setTagging(false);
          setOutcome(words.changed(changed));
          leave();
        }}
        onClose={() => {
          setTagging(false);
          tagButton.current?.focus();
        }}
      />
      {doomed && (
        <DeleteImage image={doomed} onDeleted={() => drop(doomed)} onClose={() => setDoomed(null)} />
      )}
    </>
  );
}
