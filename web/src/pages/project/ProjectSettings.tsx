import { ActionIcon, Button, ColorInput, Group, Modal, Select, TextInput } from "@mantine/core";
import { IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, unwrap } from "../../api/client";
import { labelsQuery } from "../../api/queries";
import type { Label, ProjectSummary } from "../../api/types";
import { MASK_COLOURS } from "../../canvas/colours";
import { texts } from "../../texts";
import styles from "./ProjectSettings.module.css";

type ImageOrder = ProjectSummary["image_order"];

interface ProjectSettingsProps {
  project: ProjectSummary;
  onClose: () => void;
}

/** The labels a project offers, and the order in which its images come up. */
export function ProjectSettings({ project, onClose }: ProjectSettingsProps) {
  const labels = useQuery(labelsQuery(project.id));
  return (
    <Modal opened onClose={onClose} title={texts.settingsTitle} size={460}>
      {labels.data && <SettingsForm project={project} stored={labels.data} onClose={onClose} />}
    </Modal>
  );
}

interface SettingsFormProps extends ProjectSettingsProps {
  stored: readonly Label[];
}

function SettingsForm({ project, stored, onClose }: SettingsFormProps) {
  const [labels, setLabels] = useState(stored);
  const [order, setOrder] = useState<ImageOrder>(project.image_order);
  const queries = useQueryClient();
  const params = { path: { project_id: project.id } };
  const save = useMutation({
    mutationFn: async () => {
      const body = labels
        .filter(({ name }) => name.trim())
        .map((label) => ({ ...label, name: label.name.trim() }));
      await unwrap(api.PUT("/api/v1/projects/{project_id}/labels", { params, body }));
      if (order !== project.image_order) {
        await unwrap(api.PATCH("/api/v1/projects/{project_id}", { params, body: { image_order: order } }));
      }
    },
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: ["projects"] });
    },
  });
  const change = (place: number, part: Partial<Label>): void =>
    setLabels(labels.map((label, at) => (at === place ? { ...label, ...part } : label)));
  const raise = (place: number): void => {
    const moved = [...labels];
    const [label] = moved.splice(place, 1);
    if (label) moved.splice(place - 1, 0, label);
    setLabels(moved);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Select
        label={texts.imageOrder}
        data={Object.entries(texts.imageOrders).map(([value, label]) => ({ value, label }))}
        value={order}
        onChange={(value) => value && setOrder(value as ImageOrder)}
        allowDeselect={false}
      />
      <div className={styles.heading}>{texts.labels}</div>
      <p className={styles.hint}>{texts.labelsHint}</p>
      <div className={styles.labels}>
        {labels.map((label, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a label being typed has no name of its own yet.
          <div key={place} className={styles.label}>
            <span className={`${styles.key} numbers`}>{place < 9 ? place + 1 : ""}</span>
            <TextInput
              className={styles.name}
              aria-label={texts.labelName}
              value={label.name}
              maxLength={200}
              onChange={(event) => change(place, { name: event.currentTarget.value })}
              data-autofocus={place === labels.length - 1 && label.name === "" ? true : undefined}
            />
            <ColorInput
              className={styles.colour}
              aria-label={texts.labelColour}
              value={label.colour}
              swatches={[...MASK_COLOURS]}
              onChangeEnd={(colour) => change(place, { colour: colour.toLowerCase() })}
            />
            <ActionIcon disabled={place === 0} aria-label={texts.moveUp} onClick={() => raise(place)}>
              <IconArrowUp size={15} />
            </ActionIcon>
            <ActionIcon
              aria-label={texts.removeLabel(label.name)}
              onClick={() => setLabels(labels.filter((_, at) => at !== place))}
            >
              <IconTrash size={15} />
            </ActionIcon>
          </div>
        ))}
      </div>
      <Button
        size="compact-sm"
        variant="subtle"
        leftSection={<IconPlus size={14} />}
        onClick={() => setLabels([...labels, { name: "", colour: nextColour(labels) }])}
      >
        {texts.addLabel}
      </Button>
      {save.error && <p className={styles.problem}>{save.error.message}</p>}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          {texts.cancel}
        </Button>
        <Button type="submit" loading={save.isPending}>
          {texts.save}
        </Button>
      </Group>
    </form>
  );
}

/** The first colour that no label has yet. */
function nextColour(labels: readonly Label[]): string {
  const free = MASK_COLOURS.find((colour) => !labels.some((label) => label.colour === colour));
  return free ?? (MASK_COLOURS[labels.length % MASK_COLOURS.length] as string);
}
