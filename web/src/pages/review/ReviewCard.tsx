import { ActionIcon, Tooltip } from "@mantine/core";
import { IconCheck, IconExternalLink, IconX } from "@tabler/icons-react";
import { memo, useEffect, useMemo, useRef } from "react";
import { Link } from "react-router";
import { maskColour } from "../../canvas/colours";
import { maskPath } from "./mask_path";
import type { Decision, ReviewedImage } from "./queries";
import styles from "./review.module.css";
import type { Decided } from "./use_review";
import { words } from "./words";

/** As the thumbnail: finer than a card shows. */
const LONGEST = 320;

interface ReviewCardProps {
  projectId: string;
  image: ReviewedImage;
  decided: ReadonlyMap<string, Decided>;
  focused: boolean;
  place: number;
  onFocus: (place: number) => void;
  onDecide: (maskIds: string[], decision: Decision) => void;
}

/** An image with its masks drawn over it; a click on a mask rejects it, another takes that back. */
export const ReviewCard = memo(function ReviewCard(props: ReviewCardProps) {
  const { projectId, image, decided, focused, place, onFocus, onDecide } = props;
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (focused) card.current?.scrollIntoView({ block: "nearest" });
  }, [focused]);
  const shapes = useMemo(
    () => image.masks.map((mask) => ({ mask, path: maskPath(mask.segmentation, LONGEST) })),
    [image.masks],
  );
  const ids = image.masks.map(({ id }) => id);
  const rejected = ids.filter((id) => decided.get(id) === "rejected").length;
  const accepted = ids.filter((id) => decided.get(id) === "accepted").length;
  const open = ids.filter((id) => !decided.has(id));
  return (
    <article
      ref={card}
      className={styles.card}
      data-focused={focused || undefined}
      data-settled={open.length === 0 || undefined}
      data-testid="review-card"
      onPointerDown={() => onFocus(place)}
    >
      <svg
        viewBox={`0 0 ${image.width} ${image.height}`}
        className={styles.picture}
        aria-label={image.file_name}
      >
        <image
          href={image.thumbnail_url}
          width={image.width}
          height={image.height}
          preserveAspectRatio="none"
        />
        {shapes.map(({ mask, path }, order) => {
          const state = decided.get(mask.id);
          const toggle = (): void => onDecide([mask.id], state === "rejected" ? "reopen" : "reject");
          return (
            // biome-ignore lint/a11y/useSemanticElements: a mask has no element of its own in SVG.
            <path
              key={mask.id}
              d={path}
              role="button"
              tabIndex={-1}
              aria-pressed={state === "rejected"}
              aria-label={words.maskName(order + 1, mask.predicted_iou, mask.stability_score)}
              className={styles.mask}
              data-state={state}
              style={{ color: maskColour(order) }}
              onClick={toggle}
              onKeyDown={(event) => {
                if (event.key === "Enter" || event.key === " ") toggle();
              }}
            >
              <title>{words.maskName(order + 1, mask.predicted_iou, mask.stability_score)}</title>
            </path>
          );
        })}
      </svg>
      <footer className={`${styles.caption} numbers`}>
        <span className={styles.name} title={image.file_name}>
          {image.file_name}
        </span>
        <span className={styles.counts} data-testid="review-counts">
          {accepted > 0 && <span data-state="accepted">{accepted} ✓</span>}
          {rejected > 0 && <span data-state="rejected">{rejected} ✕</span>}
          {open.length > 0 && <span>{open.length}</span>}
        </span>
        <Tooltip label={words.accept}>
          <ActionIcon
            size="sm"
            color="teal"
            aria-label={words.accept}
            onClick={() => onDecide(open, "accept")}
          >
            <IconCheck size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={words.reject}>
          <ActionIcon
            size="sm"
            color="red"
            aria-label={words.reject}
            onClick={() => onDecide(open, "reject")}
          >
            <IconX size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={words.open}>
          <ActionIcon
            size="sm"
            component={Link}
            to={`/projects/${projectId}/images/${image.image_id}`}
            aria-label={words.open}
          >
            <IconExternalLink size={15} />
          </ActionIcon>
        </Tooltip>
      </footer>
    </article>
  );
});
