import { ActionIcon, Title, Tooltip } from "@mantine/core";
import { IconCalendarTime, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { Schemas } from "../../api/types";
import shared from "../batches/batches.module.css";
import { moment } from "../batches/words";
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
          <li key={schedule.id}>
            <IconCalendarTime size={16} aria-hidden className={shared.icon} />
            <span>{words.kinds[(schedule.order.kind as RunKind | undefined) ?? "promptable"]}</span>
            <span className="faint">
              {schedule.when} · {words.soFar(schedule.new_masks)}
              {schedule.next_at && ` · ${words.next(moment(schedule.next_at))}`}
            </span>
            {schedule.last_error && <span className={shared.error}>{schedule.last_error}</span>}
            <Tooltip label={words.unschedule}>
              <ActionIcon
                aria-label={words.unschedule}
                loading={remove.isPending && remove.variables === schedule.id}
                onClick={() => remove.mutate(schedule.id)}
              >
                <IconTrash size={15} />
              </ActionIcon>
            </Tooltip>
          </li>
        ))}
      </ul>
    </section>
  );
}
