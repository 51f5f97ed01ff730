import { Anchor, Button, FileButton, Menu, Skeleton, Title } from "@mantine/core";
import { IconChevronDown, IconDownload, IconPhotoPlus, IconUpload } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import { Link, useParams } from "react-router";
import { projectQuery } from "../../api/queries";
import type { ProjectSummary } from "../../api/types";
import { Frame } from "../../components/Frame";
import { PageMessage } from "../../components/PageMessage";
import { QueryProblem, takesPlace } from "../../components/QueryProblem";
import { texts } from "../../texts";
import { ProjectTabs } from "../batches/ProjectTabs";
import { AnnotateButton } from "./AnnotateButton";
import { EmbeddingProgress } from "./EmbeddingProgress";
import { ImageGrid } from "./ImageGrid";
import { ProjectMenu } from "./ProjectMenu";
import styles from "./ProjectPage.module.css";
import { StateFilter } from "./StateFilter";
import { TagFilter } from "./TagFilter";
import { UploadPanel } from "./UploadPanel";
import { Uploads } from "./uploads";
import { useFileDrop } from "./use_file_drop";
import { useListing } from "./use_listing";

/** What the file dialog offers; the server looks at the content, not at the name. */
const ACCEPTED = "image/jpeg,image/png,image/webp,image/tiff,image/bmp,image/gif";

export function ProjectPage() {
  const { projectId = "" } = useParams();
  const project = useQuery(projectQuery(projectId));
  return (
    <Frame>
      {takesPlace(project) ? (
        <QueryProblem error={project.error} retry={project.refetch} />
      ) : (
        <ProjectImages key={projectId} projectId={projectId} project={project.data} />
      )}
    </Frame>
  );
}

interface ProjectImagesProps {
  projectId: string;
  project: ProjectSummary | undefined;
}

function ProjectImages({ projectId, project }: ProjectImagesProps) {
  const { filter, tag, page, setFilter, setTag, setPage } = useListing();
  const uploads = useUploads(projectId);
  const addFiles = useCallback((files: File[]) => uploads.add(files), [uploads]);
  const dragging = useFileDrop(addFiles);
  const uploadButton = (
    <FileButton multiple accept={ACCEPTED} onChange={addFiles} inputProps={UPLOAD_INPUT}>
      {(props) => (
        <Button
          {...props}
          variant={project && project.image_count > 0 ? "default" : "filled"}
          leftSection={<IconUpload size={16} />}
        >
          {texts.upload}
        </Button>
      )}
    </FileButton>
  );
  return (
    <>
      <div className={styles.bar}>
        <ProjectHeading project={project} />
        <TagFilter projectId={projectId} tag={tag} onTag={setTag} />
        <StateFilter filter={filter} onFilter={setFilter} />
        {project && <ExportMenu project={project} />}
        {uploadButton}
        {project && <AnnotateButton project={project} />}
        {project && <ProjectMenu project={project} />}
      </div>
      <ProjectTabs projectId={projectId} />
      <UploadPanel uploads={uploads} />
      <EmbeddingProgress projectId={projectId} />
      <ImageGrid
        projectId={projectId}
        filter={filter}
        tag={tag}
        page={page}
        onPage={setPage}
        empty={<PageMessage icon={<IconPhotoPlus />} title={texts.noImagesTitle} text={texts.noImagesText} />}
      />
      {dragging && (
        <div className={styles.drop}>
          <IconPhotoPlus size={40} stroke={1.4} aria-hidden />
          {texts.dropHere}
        </div>
      )}
    </>
  );
}

const UPLOAD_INPUT = { "data-testid": "upload-input", "aria-label": texts.upload } as object;

function useUploads(projectId: string): Uploads {
  const queries = useQueryClient();
  const uploads = useMemo(
    () => new Uploads(projectId, () => void queries.invalidateQueries({ queryKey: ["projects", projectId] })),
    [projectId, queries],
  );
  useEffect(() => () => uploads.cancel(), [uploads]);
  return uploads;
}

function ProjectHeading({ project }: { project: ProjectSummary | undefined }) {
  return (
    <div className={styles.heading}>
      <Anchor component={Link} to="/projects" size="xs" c="dimmed">
        {texts.projects}
      </Anchor>
      {project ? (
        <>
          <Title order={1} size="h3">
            {project.name}
          </Title>
          <div className={`${styles.counts} numbers`}>
            {texts.annotatedOf(project.annotated_image_count, project.image_count)} ·{" "}
            {texts.maskCount(project.mask_count)}
            {project.waiting_count > 0 && (
              <>
                {" · "}
                <Anchor component={Link} to={`/projects/${project.id}/review`} inherit>
                  {texts.toReview(project.waiting_count)}
                </Anchor>
              </>
            )}
            {project.finished_image_count > 0 && ` · ${texts.doneCount(project.finished_image_count)}`}
          </div>
        </>
      ) : (
        <>
          <Skeleton width={180} height={22} my={6} />
          <Skeleton width={140} height={12} />
        </>
      )}
    </div>
  );
}

function ExportMenu({ project }: { project: ProjectSummary }) {
  const address = (images: 0 | 1): string =>
    `/api/v1/projects/${project.id}/export?format=sa1b&images=${images}`;
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} />}
          rightSection={<IconChevronDown size={14} />}
          disabled={project.image_count === 0}
          data-testid="export"
        >
          {texts.exportSa1b}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={address(0)} download>
          {texts.exportMasks}
        </Menu.Item>
        <Menu.Item component="a" href={address(1)} download>
          {texts.exportWithImages}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
