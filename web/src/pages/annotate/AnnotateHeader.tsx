import { ActionIcon, Button, Indicator, Tooltip } from "@mantine/core";
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
import type { PageCommands } from "../../annotation/actions";
import type { Annotation } from "../../annotation/annotation";
import { keymap } from "../../annotation/keymap";
import { stageOfWork } from "../../annotation/provenance";
import { projectQuery } from "../../api/queries";
import type { Assignment, Model } from "../../api/types";
import { ColourSchemeButton } from "../../components/Frame";
import { StageBadge } from "../../components/StageBadge";
import { isWaiting } from "../../document/editor";
import { useObservable } from "../../observable";
import { texts } from "../../texts";
import styles from "./annotate.module.css";

interface AnnotateHeaderProps {
  annotation: Annotation;
  projectId: string;
  model: Model | undefined;
  page: PageCommands;
  assignment: Assignment;
  panelOpen: boolean;
  onTogglePanel: () => void;
}

export function AnnotateHeader(props: AnnotateHeaderProps) {
  const { annotation, projectId, model, page, assignment, panelOpen, onTogglePanel } = props;
  const stage = useObservable(annotation.editor, ({ masks }) => stageOfWork(masks.values()));
  useObservable(keymap, (chosen) => chosen);
  const project = useQuery(projectQuery(projectId));
  const { file_name: fileName, index, previous_id: previousId, next_id: nextId } = annotation.image;
  const waiting = useObservable(
    annotation.editor,
    ({ masks }) => [...masks.values()].filter(isWaiting).length,
  );
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
      <span className={styles.stageOfWork}>
        <StageBadge stage={stage} />
      </span>
      <div className={styles.spacer} />
      <div className={`${styles.pager} numbers`}>
        <Tooltip label={`${texts.imageBefore}  ·  ${keymap.shown("neighbourBefore")}`}>
          <ActionIcon
            disabled={!previousId}
            onClick={() => page.neighbour(-1)}
            aria-label={texts.imageBefore}
          >
            <IconChevronLeft size={17} />
          </ActionIcon>
        </Tooltip>
        {texts.imageOf(index + 1, project.data?.image_count ?? index + 1)}
        <Tooltip label={`${texts.imageAfter}  ·  ${keymap.shown("neighbourAfter")}`}>
          <ActionIcon disabled={!nextId} onClick={() => page.neighbour(1)} aria-label={texts.imageAfter}>
            <IconChevronRight size={17} />
          </ActionIcon>
        </Tooltip>
      </div>
      <div className={styles.spacer} />
      {assignment.state !== "finished" && assignment.state !== "skipped" && (
        <div className={styles.closing}>
          <Tooltip label={`${texts.skipHint}  ·  ${keymap.shown("skipImage")}`}>
            <Button size="compact-sm" variant="subtle" color="gray" onClick={page.skipImage}>
              {texts.skip}
            </Button>
          </Tooltip>
          <Tooltip label={`${texts.finishHint}  ·  ${keymap.shown("finishImage")}`}>
            <Button size="compact-sm" variant="default" onClick={page.finishImage}>
              {texts.finish}
            </Button>
          </Tooltip>
        </div>
      )}
      {model && <span className={`faint ${styles.modelName}`}>{texts.model(model.name)}</span>}
      <ColourSchemeButton />
      <Tooltip label={`${texts.allKeys}  ·  ${keymap.shown("keys")}`}>
        <ActionIcon onClick={page.toggleKeys} aria-label={texts.allKeys}>
          <IconKeyboard size={18} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={waiting > 0 ? `${panelLabel}  ·  ${texts.toReview(waiting)}` : panelLabel}>
        <Indicator
          position="bottom-start"
          label={waiting}
          size={15}
          offset={6}
          disabled={panelOpen || waiting === 0}
        >
          <ActionIcon onClick={onTogglePanel} aria-label={panelLabel} aria-pressed={panelOpen}>
            {panelOpen ? <IconLayoutSidebarRightFilled size={18} /> : <IconLayoutSidebarRight size={18} />}
          </ActionIcon>
        </Indicator>
      </Tooltip>
    </header>
  );
}
