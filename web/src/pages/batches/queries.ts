/** What the pages about batches read from the server. */

import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { Schemas } from "../../api/types";

export type BatchOrder = Schemas["BatchOrder"];

const RUNNING_MS = 3_000;
const IDLE_MS = 15_000;

export const batchesQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["projects", projectId, "batches"],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/batches", { params: { path: { project_id: projectId } } }),
      ),
    refetchInterval: (query) =>
      query.state.data?.some(({ state }) => state === "running") ? RUNNING_MS : IDLE_MS,
  });

export const schedulesQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["projects", projectId, "schedules"],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/schedules", { params: { path: { project_id: projectId } } }),
      ),
    refetchInterval: IDLE_MS,
  });

export const batchQuery = (batchId: string) =>
  queryOptions({
    queryKey: ["batches", batchId],
    queryFn: () => unwrap(api.GET("/api/v1/batches/{batch_id}", { params: { path: { batch_id: batchId } } })),
  });

export const failuresQuery = (batchId: string, failed: number) =>
  queryOptions({
    queryKey: ["batches", batchId, "failures", failed],
    queryFn: () =>
      unwrap(api.GET("/api/v1/batches/{batch_id}/failures", { params: { path: { batch_id: batchId } } })),
    enabled: failed > 0,
  });

export const comparableQuery = (batchId: string) =>
  queryOptions({
    queryKey: ["batches", batchId, "comparable"],
    queryFn: () =>
      unwrap(api.GET("/api/v1/batches/{batch_id}/comparable", { params: { path: { batch_id: batchId } } })),
  });

export const estimateQuery = (projectId: string, order: BatchOrder) =>
  queryOptions({
    queryKey: ["projects", projectId, "estimate", order],
    queryFn: () =>
      unwrap(
        api.POST("/api/v1/projects/{project_id}/batches/estimate", {
          params: { path: { project_id: projectId } },
          body: order,
        }),
      ),
    staleTime: 0,
  });

export const tagsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["projects", projectId, "tags"],
    queryFn: () =>
      unwrap(api.GET("/api/v1/projects/{project_id}/tags", { params: { path: { project_id: projectId } } })),
  });

export const modelsQuery = () =>
  queryOptions({ queryKey: ["models"], queryFn: () => unwrap(api.GET("/api/v1/models")) });

/** Whether masks of batches wait for review in a project, unless a batch says otherwise. */
export const reviewSettingQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["projects", projectId, "review-setting"],
    queryFn: async () => {
      const params = { path: { project_id: projectId }, query: { limit: 1 } };
      return (await unwrap(api.GET("/api/v1/projects/{project_id}/review", { params }))).review_batches;
    },
    staleTime: 0,
  });
