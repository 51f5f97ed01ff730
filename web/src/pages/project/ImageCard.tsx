import { ActionIcon } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Image } from "../../api/types";
import { texts } from "../../texts";
import styles from "./ProjectPage.module.css";

interface ImageCardProps {
  image: Image;
  onDelete: (image: Image) => void;
}

export function ImageCard({ image, onDelete }: ImageCardProps) {
  const { embedding } = image;
  const badge = texts.embeddingBadge[embedding.state];
  return (
    <article className={styles.card} data-testid="image-card">
      <Link to={`/projects/${image.project_id}/images/${image.id}`} className={styles.link}>
        <div className={styles.picture}>
          <img src={image.thumbnail_url} alt="" loading="lazy" />
          {image.overlay_url && <img src={image.overlay_url} alt="" loading="lazy" />}
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
