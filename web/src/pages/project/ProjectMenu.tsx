import { ActionIcon, Button, Group, Menu, Modal, TextInput } from "@mantine/core";
import { IconDots, IconPencil, IconTags, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import { api, unwrap } from "../../api/client";
import type { ProjectSummary } from "../../api/types";
import { Confirm } from "../../components/Confirm";
import { texts } from "../../texts";
import { ProjectSettings } from "./ProjectSettings";

/** Renaming and deleting a project. */
export function ProjectMenu({ project }: { project: ProjectSummary }) {
  const [opened, setOpened] = useState<"rename" | "settings" | "delete" | null>(null);
  const close = (): void => setOpened(null);
  return (
    <>
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <ActionIcon size={36} variant="default" aria-label={texts.projectMenu}>
            <IconDots size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={15} />} onClick={() => setOpened("rename")}>
            {texts.rename}
          </Menu.Item>
          <Menu.Item leftSection={<IconTags size={15} />} onClick={() => setOpened("settings")}>
            {texts.settingsTitle}
          </Menu.Item>
          <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => setOpened("delete")}>
            {texts.deleteProject}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {opened === "rename" && <RenameProject project={project} onClose={close} />}
      {opened === "settings" && <ProjectSettings project={project} onClose={close} />}
      {opened === "delete" && <DeleteProject project={project} onClose={close} />}
    </>
  );
}

interface DialogProps {
  project: ProjectSummary;
  onClose: () => void;
}

function RenameProject({ project, onClose }: DialogProps) {
  const [name, setName] = useState(project.name);
  const queries = useQueryClient();
  const rename = useMutation({
    mutationFn: () =>
      unwrap(
        api.PATCH("/api/v1/projects/{project_id}", {
          params: { path: { project_id: project.id } },
          body: { name: name.trim() },
        }),
      ),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: ["projects"] });
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (name.trim()) rename.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={texts.renameTitle}>
      <form onSubmit={submit}>
        <TextInput
          label={texts.projectName}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={200}
          data-autofocus
          error={rename.error?.message}
        />
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>
            {texts.cancel}
          </Button>
          <Button type="submit" disabled={!name.trim()} loading={rename.isPending}>
            {texts.save}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

function DeleteProject({ project, onClose }: DialogProps) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      unwrap(api.DELETE("/api/v1/projects/{project_id}", { params: { path: { project_id: project.id } } })),
    onSuccess: async () => {
      await navigate("/projects");
      await queries.invalidateQueries({ queryKey: ["projects"], exact: true });
    },
  });
  return (
    <Confirm
      opened
      title={texts.deleteProjectTitle(project.name)}
      text={texts.deleteProjectText(project.image_count, project.mask_count + project.waiting_count)}
      action={texts.deleteProject}
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  );
}
