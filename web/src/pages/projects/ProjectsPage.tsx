import { Button, Group, SimpleGrid, Skeleton, Title } from "@mantine/core";
import { IconFolderPlus, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { projectsQuery } from "../../api/queries";
import { Frame } from "../../components/Frame";
import { PageMessage } from "../../components/PageMessage";
import { QueryProblem, takesPlace } from "../../components/QueryProblem";
import { texts } from "../../texts";
import { NewProject } from "./NewProject";
import { ProjectCard } from "./ProjectCard";

/** While there is no project the demo project may still be on its way. */
const EMPTY_REFETCH_MS = 2_500;

export function ProjectsPage() {
  const [creating, setCreating] = useState(false);
  const projects = useQuery({
    ...projectsQuery(),
    refetchInterval: (query) => (query.state.data?.length === 0 ? EMPTY_REFETCH_MS : false),
  });
  if (takesPlace(projects)) {
    return (
      <Frame>
        <QueryProblem error={projects.error} retry={projects.refetch} />
      </Frame>
    );
  }
  const create = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
      {texts.newProject}
    </Button>
  );
  return (
    <Frame>
      <Group justify="space-between" mb="lg">
        <Title order={1} size="h3">
          {texts.projects}
        </Title>
        {create}
      </Group>
      {projects.data?.length === 0 ? (
        <PageMessage
          icon={<IconFolderPlus />}
          title={texts.noProjectsTitle}
          text={`${texts.noProjectsText} ${texts.preparingDemo}`}
          actions={create}
        />
      ) : (
        <SimpleGrid cols={{ base: 1, xs: 2, md: 3, lg: 4 }} spacing="lg">
          {projects.data
            ? projects.data.map((project) => <ProjectCard key={project.id} project={project} />)
            : [0, 1, 2, 3].map((place) => <Skeleton key={place} height={236} />)}
        </SimpleGrid>
      )}
      <NewProject opened={creating} onClose={() => setCreating(false)} />
    </Frame>
  );
}
