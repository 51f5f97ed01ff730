import { Button, List, Modal, Text } from "@mantine/core";
import { IconArrowBackUp, IconRocket, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "../../api/client";
import { Confirm } from "../../components/Confirm";
import { modelQuery, registryQuery } from "./queries";
import { rollbackTarget } from "./rollback";
import { useMayManage } from "./use_role";
import { words } from "./words";

interface PromoteButtonProps {
  model: { readonly id: string; readonly name: string };
  /** Why the gate refused it, when it did. */
  refusal?: string | null;
  quiet?: boolean;
}

/** Makes a model live, after asking. */
export function PromoteButton({ model, refusal = null, quiet = false }: PromoteButtonProps) {
  const [asking, setAsking] = useState(false);
  const promote = useChange(() =>
    unwrap(api.POST("/api/v1/models/{model_id}/promote", { params: { path: { model_id: model.id } } })),
  );
  if (!useMayManage()) return null;
  return (
    <>
      <Button
        variant={quiet ? "default" : "filled"}
        leftSection={<IconRocket size={16} />}
        onClick={() => setAsking(true)}
      >
        {words.promote}
      </Button>
      <Confirm
        opened={asking}
        title={words.promoteTitle(model.name)}
        text={`${refusal === null ? "" : `${words.promoteRefused}${refusal} `}${words.promoteText}`}
        action={words.promote}
        danger={false}
        pending={promote.isPending}
        error={promote.error}
        onConfirm={() => promote.mutate(undefined, { onSuccess: () => setAsking(false) })}
        onClose={() => setAsking(false)}
      />
    </>
  );
}

/** Makes the model live again that the live one replaced; disabled where it replaced none. */
export function RollBackButton() {
  const [asking, setAsking] = useState(false);
  const { settled, name } = useRollbackTarget();
  // What was asked about: the dialog is still in sight when the next target is already known.
  const [asked, setAsked] = useState("");
  const rollBack = useChange(() => unwrap(api.POST("/api/v1/models/rollback")));
  if (!useMayManage()) return null;
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconArrowBackUp size={16} />}
        disabled={name === null}
        {...(settled && name === null && { title: words.rollBackNone })}
        onClick={() => {
          rollBack.reset();
          setAsked(name ?? "");
          setAsking(true);
        }}
      >
        {words.rollBack}
      </Button>
      <Confirm
        opened={asking}
        title={words.rollBackTitle(asked)}
        text={words.rollBackText(asked)}
        action={words.rollBack}
        danger={false}
        pending={rollBack.isPending}
        error={rollBack.error}
        onConfirm={() => rollBack.mutate(undefined, { onSuccess: () => setAsking(false) })}
        onClose={() => setAsking(false)}
      />
    </>
  );
}

/** The name of the model that rolling back makes live; null when there is none, or while it is not yet known. */
function useRollbackTarget(): { settled: boolean; name: string | null } {
  const models = useQuery(registryQuery()).data;
  const live = models?.find(({ kind, state }) => kind === "promptable" && state === "live");
  const detail = useQuery({ ...modelQuery(live?.id ?? ""), enabled: live !== undefined }).data;
  const target = detail && rollbackTarget(detail.promotions);
  return {
    settled: models !== undefined && (live === undefined || detail !== undefined),
    name: models?.find(({ id }) => id === target)?.name ?? null,
  };
}

interface DeleteButtonProps {
  model: { readonly id: string; readonly name: string };
  neededBy: readonly string[];
  onDeleted: () => void;
}

/** Deletes a model that nothing needs, or says what needs it. */
export function DeleteButton({ model, neededBy, onDeleted }: DeleteButtonProps) {
  const [asking, setAsking] = useState(false);
  const remove = useChange(() =>
    unwrap(api.DELETE("/api/v1/models/{model_id}", { params: { path: { model_id: model.id } } })),
  );
  if (!useMayManage()) return null;
  const close = (): void => setAsking(false);
  return (
    <>
      <Button variant="default" leftSection={<IconTrash size={16} />} onClick={() => setAsking(true)}>
        {words.delete}
      </Button>
      <Modal opened={asking && neededBy.length > 0} onClose={close} title={words.cannotDelete}>
        <List size="sm" spacing={6}>
          {neededBy.map((reason) => (
            <List.Item key={reason}>
              <Text size="sm">{reason}</Text>
            </List.Item>
          ))}
        </List>
      </Modal>
      <Confirm
        opened={asking && neededBy.length === 0}
        title={words.deleteTitle(model.name)}
        text={words.deleteText}
        action={words.delete}
        pending={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate(undefined, { onSuccess: onDeleted })}
        onClose={close}
      />
    </>
  );
}

/** A change of the registry: everything that shows models is asked for anew. */
function useChange<Result>(change: () => Promise<Result>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async () => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: ["models"] }),
        queries.invalidateQueries({ queryKey: ["retrains"] }),
        queries.invalidateQueries({ queryKey: ["projects"] }),
      ]);
    },
  });
}
