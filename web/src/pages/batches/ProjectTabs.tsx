import { useQuery } from "@tanstack/react-query";
import { NavLink } from "react-router";
import { projectQuery } from "../../api/queries";
import { words as reportWords } from "../report/words";
import { words as trainWords } from "../train/words";
import styles from "./ProjectTabs.module.css";
import { words } from "./words";

/** The pages of a project, below its name. */
export function ProjectTabs({ projectId }: { projectId: string }) {
  const project = useQuery(projectQuery(projectId));
  const home = `/projects/${projectId}`;
  return (
    <nav className={styles.tabs} aria-label={project.data?.name}>
      <NavLink to={home} end>
        {words.images}
      </NavLink>
      <NavLink to={`${home}/batches`}>{words.batches}</NavLink>
      <NavLink to={`${home}/review`}>{words.review}</NavLink>
      <NavLink to={`${home}/train`}>{trainWords.train}</NavLink>
      <NavLink to={`${home}/loop`}>{reportWords.loop}</NavLink>
    </nav>
  );
}
