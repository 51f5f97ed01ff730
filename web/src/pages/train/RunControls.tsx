import { Button } from "@mantine/core";
import { IconArrowsDiff, IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { type UseMutationResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api, unwrap } from "../../api/client";
import { modelsQuery } from "../../api/queries";
import { Confirm } from "../../components/Confirm";
import { PromoteButton } from "../models/ModelActions";
import { useMayManage } from "../models/use_role";
import { UNDER_WAY } from "./queries";
import { verdictOf } from "./RunState";
import { type Run, words } from "./words";

type Action = "stop" | "resume";

export function useSteering(runId: string): UseMutationResult<Run, Error, Action> {
  const queries = useQueryClient();
  const params = { path: { run_id: runId } };
  return useMutation({
    mutationFn: (action: Action): Promise<Run> =>
      action === "stop"
        ? unwrap(api.POST("/api/v1/retrains/{run_id}/stop", { params }))
        : unwrap(api.POST("/api/v1/retrains/{run_id}/resume", { params })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["retrains", runId] }),
  });
}

interface RunControlsProps {
  run: Run;
  steer: ReturnType<typeof useSteering>;
}

/** What can be done with a run as it stands. */
export function RunControls({ run, steer }: RunControlsProps) {
  const [asking, setAsking] = useState(false);
  const pending = (action: Action): boolean => steer.isPending && steer.variables === action;
  const mayManage = useMayManage();
  const models = useQuery(modelsQuery()).data;
  const candidate = models?.find(({ id }) => id === run.model_id);
  const verdict = verdictOf(run);
  const canStop = mayManage && UNDER_WAY.includes(run.state) && run.state !== "stopping";
  return (
    <>
      {run.verdict && run.kind === "promptable" && (
        <Button component={Link} to="compare" variant="default" leftSection={<IconArrowsDiff size={16} />}>
          {words.compare}
        </Button>
      )}
      {canStop && (
        <Button variant="default" leftSection={<IconPlayerStop size={16} />} onClick={() => setAsking(true)}>
          {words.stop}
        </Button>
      )}
      {candidate && verdict && candidate.state !== "live" && (
        <PromoteButton
          model={candidate}
          quiet={!verdict.passed}
          refusal={verdict.passed ? null : (verdict.reasons[0] ?? "")}
        />
      )}
      {mayManage && (run.state === "stopped" || run.state === "failed") && (
        <Button
          variant="default"
          leftSection={<IconPlayerPlay size={16} />}
          loading={pending("resume")}
          onClick={() => steer.mutate("resume")}
        >
          {words.resume}
        </Button>
      )}
      <Confirm
        opened={asking && canStop}
        title={words.stop}
        text={words.stopText}
        action={words.stop}
        pending={pending("stop")}
        error={null}
        onConfirm={() => steer.mutate("stop", { onSettled: () => setAsking(false) })}
        onClose={() => setAsking(false)}
      />
    </>
  );
}
