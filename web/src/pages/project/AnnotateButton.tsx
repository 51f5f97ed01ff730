import { Button } from "@mantine/core";
import { IconPencilBolt } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { nextTurn } from "../../annotation/use_page_commands";
import type { ProjectSummary } from "../../api/types";
import { texts } from "../../texts";

/** Opens the first image that waits in the project's order. */
export function AnnotateButton({ project }: { project: ProjectSummary }) {
  const navigate = useNavigate();
  const take = useMutation({
    mutationFn: () => nextTurn(project.id, null),
    onSuccess: async ({ image_id: imageId }) => {
      if (imageId) await navigate(`/projects/${project.id}/images/${imageId}`);
    },
  });
  const closed = project.finished_image_count + project.skipped_image_count;
  const none = take.data?.image_id === null || closed >= project.image_count;
  const why = project.image_count === 0 ? texts.noImagesTitle : none ? texts.queueEndText : undefined;
  return (
    <Button
      leftSection={<IconPencilBolt size={16} />}
      onClick={() => take.mutate()}
      loading={take.isPending}
      disabled={why !== undefined}
      title={why ?? take.error?.message}
    >
      {texts.annotate}
    </Button>
  );
}
