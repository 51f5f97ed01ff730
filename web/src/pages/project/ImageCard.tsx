import { ActionIcon } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Assignment, Image } from "../../api/types";
import { texts } from "../../texts";
import styles from "./ProjectPage.module.css";

interface ImageCardProps {
  image: Image;
  onDelete: (image: Image) => void;
}

export function ImageCard({ image, onDelete }: ImageCardProps) {
  const { embedding, assignment } = image;
  const badge = texts.embeddingBadge[embedding.state];
  return (
    <article className={styles.card} data-testid="image-card">
      <Link to={`/projects/${image.project_id}/images/${image.id}`} className={styles.link}>
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
          <span className={styles.count}>{texts.maskCount(image.mask_count)}</span>
        </div>
      </Link>
      <ActionIcon
        className={styles.remove}
        variant="default"
        size="sm"
        aria-label={`${texts.deleteImage}: ${image.file_name}`}
        onClick={() => onDelete(image)}
      >
        <IconTrash size={15} />
      </ActionIcon>
    </article>
  );
}

function assignmentText({ state, user_name: name, reason }: Assignment): string {
  if (state === "working") return texts.worksOnThis(name ?? "");
  return state === "skipped" ? texts.skippedBy(name ?? "", reason ?? "") : texts.finishedBy(name ?? "");
}
