import { Anchor, Skeleton, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { projectQuery } from "../../api/queries";
import { texts } from "../../texts";
import styles from "./batches.module.css";
import { ProjectTabs } from "./ProjectTabs";

interface ProjectHeadProps {
  projectId: string;
  /** What can be done on the page, at the right. */
  children?: ReactNode;
}

/** The project's name, its pages, and what can be done on this one. */
export function ProjectHead({ projectId, children }: ProjectHeadProps) {
  const project = useQuery(projectQuery(projectId));
  return (
    <>
      <div className={styles.bar}>
        <div className={styles.heading}>
          <Anchor component={Link} to="/projects" size="xs" c="dimmed">
            {texts.projects}
          </Anchor>
          {project.data ? (
            <Title order={1} size="h3">
              {project.data.name}
            </Title>
          ) : (
            <Skeleton width={180} height={22} my={6} />
          )}
        </div>
        {children}
      </div>
      <ProjectTabs projectId={projectId} />
    </>
  );
}
