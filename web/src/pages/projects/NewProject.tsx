import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import { api, unwrap } from "../../api/client";
import { projectsQuery } from "../../api/queries";
import { texts } from "../../texts";

interface NewProjectProps {
  opened: boolean;
  onClose: () => void;
}

export function NewProject({ opened, onClose }: NewProjectProps) {
  const [name, setName] = useState("");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/projects", { body: { name: name.trim() } })),
    onSuccess: async (project) => {
      await queries.invalidateQueries(projectsQuery());
      await navigate(`/projects/${project.id}`);
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (name.trim()) create.mutate();
  };
  return (
    <Modal opened={opened} onClose={onClose} title={texts.newProject}>
      <form onSubmit={submit}>
        <TextInput
          label={texts.projectName}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={200}
          data-autofocus
          error={create.error?.message}
        />
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>
            {texts.cancel}
          </Button>
          <Button type="submit" disabled={!name.trim()} loading={create.isPending}>
            {texts.create}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
