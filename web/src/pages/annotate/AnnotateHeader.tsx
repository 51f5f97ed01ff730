import { ActionIcon, Tooltip } from "@mantine/core";
import {
  IconArrowLeft,
  IconChevronLeft,
  IconChevronRight,
  IconKeyboard,
  IconLayoutSidebarRight,
  IconLayoutSidebarRightFilled,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { Annotation } from "../../annotation/annotation";
import type { PageCommands } from "../../annotation/keys";
import { projectQuery } from "../../api/queries";
import type { Model } from "../../api/types";
import { ColourSchemeButton } from "../../components/Frame";
import { StageBadge } from "../../components/StageBadge";
import { texts } from "../../texts";
import styles from "./annotate.module.css";

interface AnnotateHeaderProps {
  annotation: Annotation;
  projectId: string;
  model: Model | undefined;
  page: PageCommands;
  panelOpen: boolean;
  onTogglePanel: () => void;
}

export function AnnotateHeader(props: AnnotateHeaderProps) {
  const { annotation, projectId, model, page, panelOpen, onTogglePanel } = props;
  const project = useQuery(projectQuery(projectId));
  const { file_name: fileName, index, previous_id: previousId, next_id: nextId } = annotation.image;
  const panelLabel = panelOpen ? texts.hideObjects : texts.showObjects;
  return (
    <header className={styles.header}>
      <Tooltip label={texts.back}>
        <ActionIcon component={Link} to={`/projects/${projectId}`} aria-label={texts.back}>
          <IconArrowLeft size={18} />
        </ActionIcon>
      </Tooltip>
      <Link to={`/projects/${projectId}`} className={styles.crumb}>
        {project.data?.name}
      </Link>
      <span className={styles.slash}>/</span>
      <span className={styles.file} title={fileName}>
        {fileName}
      </span>
      <StageBadge stage="manual" />
      <div className={styles.spacer} />
      <div className={`${styles.pager} numbers`}>
        <Tooltip label={`${texts.previousImage}  ·  Shift N`}>
          <ActionIcon disabled={!previousId} onClick={page.previousImage} aria-label={texts.previousImage}>
            <IconChevronLeft size={17} />
          </ActionIcon>
        </Tooltip>
        {texts.imageOf(index + 1, project.data?.image_count ?? index + 1)}
        <Tooltip label={`${texts.nextImage}  ·  N`}>
          <ActionIcon disabled={!nextId} onClick={page.nextImage} aria-label={texts.nextImage}>
            <IconChevronRight size={17} />
          </ActionIcon>
        </Tooltip>
      </div>
      <div className={styles.spacer} />
      {model && <span className={`faint ${styles.modelName}`}>{texts.model(model.name)}</span>}
      <ColourSchemeButton />
      <Tooltip label={`${texts.allKeys}  ·  ?`}>
        <ActionIcon onClick={page.toggleKeys} aria-label={texts.allKeys}>
          <IconKeyboard size={18} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={panelLabel}>
        <ActionIcon onClick={onTogglePanel} aria-label={panelLabel} aria-pressed={panelOpen}>
          {panelOpen ? <IconLayoutSidebarRightFilled size={18} /> : <IconLayoutSidebarRight size={18} />}
        </ActionIcon>
      </Tooltip>
    </header>
  );
}
