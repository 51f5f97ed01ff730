/** What the pages about retraining read from the server. */

import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { Schemas } from "../../api/types";

export const UNDER_WAY: readonly string[] = ["queued", "running", "evaluating", "stopping"];

const RUNNING_MS = 3_000;
const IDLE_MS = 15_000;

export const runsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["projects", projectId, "retrains"],
    queryFn: () => unwrap(api.GET("/api/v1/retrains", { params: { query: { project_id: projectId } } })),
    refetchInterval: (query) =>
      query.state.data?.some(({ state }) => UNDER_WAY.includes(state)) ? RUNNING_MS : IDLE_MS,
  });

export const runQuery = (runId: string) =>
  queryOptions({
    queryKey: ["retrains", runId],
    queryFn: () => unwrap(api.GET("/api/v1/retrains/{run_id}", { params: { path: { run_id: runId } } })),
  });

export type LoopSettings = Schemas["ProjectLoop"];

export const loopSettingsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["projects", projectId, "loop-settings"],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/loop-settings", {
          params: { path: { project_id: projectId } },
        }),
      ),
  });

export const retrainSchedulesQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["projects", projectId, "retrain-schedules"],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/retrain-schedules", {
          params: { path: { project_id: projectId } },
        }),
      ),
    refetchInterval: IDLE_MS,
  });

export const snapshotsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["projects", projectId, "snapshots"],
    queryFn: () => unwrap(api.GET("/api/v1/snapshots", { params: { query: { project_id: projectId } } })),
  });

export const snapshotDiffQuery = (earlierId: string | null, laterId: string) =>
  queryOptions({
    queryKey: ["snapshots", earlierId, "diff", laterId],
    enabled: earlierId !== null,
    // Neither of the two ever changes.
    staleTime: Infinity,
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/snapshots/{snapshot_id}/diff", {
          params: { path: { snapshot_id: earlierId ?? "" }, query: { to: laterId } },
        }),
      ),
  });
