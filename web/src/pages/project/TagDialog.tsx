import { Button, Group, Modal, MultiSelect, Stack, TagsInput, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import { api, unwrap } from "../../api/client";
import type { Image } from "../../api/types";
import { texts } from "../../texts";
import { tagsQuery } from "../batches/queries";
import { cleanTags, MOST_TAGS, TAG_LENGTH, tagsOn } from "./tags";
import { words } from "./words";

interface TagDialogProps extends TagFormProps {
  opened: boolean;
}

/** Adds tags to images and takes others off. */
export function TagDialog({ opened, ...form }: TagDialogProps) {
  return (
    // Where the focus goes afterwards depends on what was done; whoever opens the dialog says.
    <Modal
      opened={opened}
      onClose={form.onClose}
      title={words.title(form.images.length)}
      returnFocus={false}
      transitionProps={{ duration: 90, exitDuration: 0 }}
    >
      <TagForm {...form} />
    </Modal>
  );
}

interface TagFormProps {
  projectId: string;
  images: readonly Image[];
  /** The change is through; told how many images have other tags than before. */
  onChanged: (images: number) => void;
  onClose: () => void;
}

function TagForm({ projectId, images, onChanged, onClose }: TagFormProps) {
  const known = useQuery(tagsQuery(projectId)).data ?? [];
  const [added, setAdded] = useState<string[]>([]);
  const [typed, setTyped] = useState("");
  const [removed, setRemoved] = useState<string[]>([]);
  const removable = useMemo(() => tagsOn(images), [images]);
  const queries = useQueryClient();
  // A word that was typed and not ended counts, too.
  const adding = cleanTags([...added, typed]);
  const change = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/projects/{project_id}/tags", {
          params: { path: { project_id: projectId } },
          body: { image_ids: images.map(({ id }) => id), add: adding, remove: removed },
        }),
      ),
    onSuccess: ({ changed }) => {
      onChanged(changed);
      return queries.invalidateQueries({ queryKey: ["projects", projectId] });
    },
  });
  const nothing = adding.length === 0 && removed.length === 0;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!nothing) change.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TagsInput
          label={words.add}
          description={words.addHint}
          placeholder={added.length === 0 ? words.addPlaceholder : ""}
          data={known.map(({ tag }) => tag).filter((tag) => !removed.includes(tag))}
          value={added}
          onChange={(tags) => {
            const clean = cleanTags(tags);
            setAdded(clean);
            setRemoved((before) => before.filter((tag) => !clean.includes(tag)));
          }}
          searchValue={typed}
          onSearchChange={setTyped}
          maxTags={MOST_TAGS}
          maxLength={TAG_LENGTH}
          // The dialog opens with the focus here; a list at once would cover what is below.
          openOnFocus={false}
          data-autofocus
        />
        {removable.length > 0 && (
          <MultiSelect
            label={words.remove}
            data={removable
              .filter(({ tag }) => !added.includes(tag))
              .map(({ tag, images: having }) => ({
                value: tag,
                label: words.removeOption(tag, having, images.length),
              }))}
            value={removed}
            onChange={setRemoved}
            searchable
            selectFirstOptionOnChange
          />
        )}
        {change.error && (
          <Text size="sm" c="red" role="alert">
            {change.error.message}
          </Text>
        )}
      </Stack>
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={onClose}>
          {texts.cancel}
        </Button>
        <Button type="submit" disabled={nothing} loading={change.isPending}>
          {words.apply}
        </Button>
      </Group>
    </form>
  );
}
