import { Progress } from "@mantine/core";
import { IconPhoto } from "@tabler/icons-react";
import { Link } from "react-router";
import type { ProjectSummary } from "../../api/types";
import { texts } from "../../texts";
import styles from "./ProjectCard.module.css";

export function ProjectCard({ project }: { project: ProjectSummary }) {
  const { image_count: images, annotated_image_count: annotated, mask_count: masks } = project;
  const covers = project.cover_image_ids;
  return (
    <Link to={`/projects/${project.id}`} className={styles.card} data-testid="project-card">
      <div className={styles.cover} data-count={covers.length}>
        {covers.length === 0 && <IconPhoto className={styles.none} size={28} stroke={1.4} aria-hidden />}
        {covers.map((id) => (
          <img key={id} src={`/api/v1/images/${id}/thumbnail`} alt="" loading="lazy" />
        ))}
      </div>
      <Progress
        value={images ? (100 * annotated) / images : 0}
        size={3}
        radius={0}
        aria-label={texts.filterAnnotated}
      />
      <div className={styles.body}>
        <div className={styles.name}>{project.name}</div>
        <div className={`${styles.counts} numbers`}>
          <span>{texts.annotatedOf(annotated, images)}</span>
          <span>{texts.maskCount(masks)}</span>
        </div>
      </div>
    </Link>
  );
}
