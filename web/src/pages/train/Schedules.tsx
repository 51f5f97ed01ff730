import { Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { Schemas } from "../../api/types";
import shared from "../batches/batches.module.css";
import { PlannedItem } from "../batches/PlannedItem";
import { type RunKind, words } from "./words";

/** What starts by itself, and why it could not the last time. */
export function Schedules({ schedules }: { schedules: Schemas["RetrainSchedule"][] }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: (id: string) =>
      unwrap(
        api.DELETE("/api/v1/retrain-schedules/{schedule_id}", { params: { path: { schedule_id: id } } }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["projects"] }),
  });
  return (
    <section className={shared.panel} aria-label={words.planned} data-testid="retrain-schedules">
      <Title order={2} size="h6">
        {words.planned}
      </Title>
      <ul className={shared.plans}>
        {schedules.map((schedule) => (
          <PlannedItem
            key={schedule.id}
            what={words.kinds[(schedule.order.kind as RunKind | undefined) ?? "promptable"]}
            when={`${schedule.when} · ${words.soFar(schedule.new_masks)}`}
            nextAt={schedule.next_at}
            lastError={schedule.last_error}
            removing={remove.isPending && remove.variables === schedule.id}
            onRemove={() => remove.mutate(schedule.id)}
          />
        ))}
      </ul>
    </section>
  );
}
