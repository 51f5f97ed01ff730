import { ActionIcon, Checkbox } from "@mantine/core";
import { IconTag, IconTrash } from "@tabler/icons-react";
import type { ChangeEvent, MouseEvent } from "react";
import { Link } from "react-router";
import type { Assignment, Image } from "../../api/types";
import { texts } from "../../texts";
import styles from "./ProjectPage.module.css";
import { words } from "./words";

/** For whoever may choose images. */
export interface Picking {
  chosen: boolean;
  /** Other images are chosen, or this one: a click chooses instead of opening. */
  begun: boolean;
  /** `range`: everything from the last click to this one. */
  pick: (image: Image, range: boolean) => void;
}

interface ImageCardProps {
  image: Image;
  /** Null for whoever may not. */
  picking: Picking | null;
  onDelete: ((image: Image) => void) | null;
}

export function ImageCard({ image, picking, onDelete }: ImageCardProps) {
  const { embedding, assignment, tags } = image;
  const badge = texts.embeddingBadge[embedding.state];
  const pickInstead = (event: MouseEvent): void => {
    // Enter on the link still opens the image, and Ctrl opens it in another tab.
    if (!picking?.begun || event.detail === 0 || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    picking.pick(image, event.shiftKey);
  };
  return (
    <article
      className={styles.card}
      data-testid="image-card"
      data-picking={picking?.begun || undefined}
      data-chosen={picking?.chosen || undefined}
    >
      <Link
        to={`/projects/${image.project_id}/images/${image.id}`}
        className={styles.link}
        onClick={pickInstead}
      >
        <div className={styles.picture}>
          <img src={image.thumbnail_url} alt="" loading="lazy" />
          {image.overlay_url && <img src={image.overlay_url} alt="" loading="lazy" />}
          {assignment.state !== "waiting" && (
            <span className={styles.work} data-state={assignment.state} title={assignmentText(assignment)}>
              {assignment.state === "working" ? assignment.user_name : texts.work[assignment.state]}
            </span>
          )}
          {badge && (
            <span className={styles.badge} data-state={embedding.state} title={embedding.error ?? undefined}>
              {badge}
            </span>
          )}
        </div>
        <div className={`${styles.caption} numbers`}>
          <span className={styles.name} title={image.file_name}>
            {image.file_name}
          </span>
          <span className={styles.count}>{maskCounts(image)}</span>
        </div>
        {tags.length > 0 && (
          <div className={styles.tags} title={words.tagsOf(tags)}>
            <IconTag size={12} aria-hidden />
            <span>{tags.join(", ")}</span>
          </div>
        )}
      </Link>
      {picking && (
        <Checkbox
          className={styles.pick}
          size="md"
          aria-label={words.select(image.file_name)}
          checked={picking.chosen}
          onChange={(event) => picking.pick(image, shiftHeld(event))}
        />
      )}
      {onDelete && (
        <ActionIcon
          className={styles.remove}
          variant="default"
          size="sm"
          aria-label={`${texts.deleteImage}: ${image.file_name}`}
          onClick={() => onDelete(image)}
        >
          <IconTrash size={15} />
        </ActionIcon>
      )}
    </article>
  );
}

/** A checkbox changes by a click, or by the space bar, which the browser makes a click of. */
function shiftHeld(event: ChangeEvent): boolean {
  return event.nativeEvent instanceof globalThis.MouseEvent && event.nativeEvent.shiftKey;
}

function maskCounts({ mask_count: masks, waiting_count: waiting }: Image): string {
  if (waiting === 0) return texts.maskCount(masks);
  return masks === 0 ? texts.toReview(waiting) : `${texts.maskCount(masks)} · ${texts.toReview(waiting)}`;
}

function assignmentText({ state, user_name: name, reason }: Assignment): string {
  if (state === "working") return texts.worksOnThis(name ?? "");
  return state === "skipped" ? texts.skippedBy(name ?? "", reason ?? "") : texts.finishedBy(name ?? "");
}
