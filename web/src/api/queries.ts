/** What pages read from the server, and how long they may keep it. */

import { queryOptions } from "@tanstack/react-query";
import { api, isNotFound, unwrap } from "./client";
import { untilRenewed } from "./query_client";

export const PAGE_SIZE = 60;

export type ImageFilter = "all" | "annotated" | "unannotated" | "finished" | "skipped";

export const meQuery = () =>
  queryOptions({ queryKey: ["me"], queryFn: () => unwrap(api.GET("/api/v1/me")), staleTime: 300_000 });

export const projectsQuery = () =>
  queryOptions({ queryKey: ["projects"], queryFn: () => unwrap(api.GET("/api/v1/projects")) });

export const projectQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["projects", projectId],
    queryFn: () =>
      unwrap(api.GET("/api/v1/projects/{project_id}", { params: { path: { project_id: projectId } } })),
    refetchInterval: untilRenewed,
  });

/** `tag`: only images that have it; null for all. */
export const imagesQuery = (projectId: string, filter: ImageFilter, tag: string | null, page: number) =>
  queryOptions({
    queryKey: ["projects", projectId, "images", filter, tag, page],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/images", {
          params: {
            path: { project_id: projectId },
            query: { offset: page * PAGE_SIZE, limit: PAGE_SIZE, filter, tag },
          },
        }),
      ),
  });

export const labelsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["projects", projectId, "labels"],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/labels", { params: { path: { project_id: projectId } } }),
      ),
    staleTime: 60_000,
  });

/** What the person has done today, by the clock of their computer. Asked again whenever masks have been saved. */
export const ownFiguresQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["projects", projectId, "own-figures"],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/own-figures", {
          params: { path: { project_id: projectId }, query: { since: startOfToday() } },
        }),
      ),
  });

function startOfToday(): string {
  const today = new Date();
  today.setHours(0, 0, 0, 0);
  return today.toISOString();
}

export const progressQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["projects", projectId, "progress"],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/progress", { params: { path: { project_id: projectId } } }),
      ),
    refetchInterval: (query) => {
      const counts = query.state.data?.embedding;
      return counts && counts.queued + counts.running > 0 ? 1_500 : 15_000;
    },
  });

export const imageQuery = (imageId: string) =>
  queryOptions({
    queryKey: ["images", imageId],
    queryFn: () => unwrap(api.GET("/api/v1/images/{image_id}", { params: { path: { image_id: imageId } } })),
  });

export const masksQuery = (imageId: string) =>
  queryOptions({
    queryKey: ["images", imageId, "masks"],
    queryFn: async () => {
      // Saves may overtake this request: the time tells which of the two knows better.
      const askedAt = performance.now();
      const params = { path: { image_id: imageId } };
      return { askedAt, masks: await unwrap(api.GET("/api/v1/images/{image_id}/masks", { params })) };
    },
    // The page's own document is the truth while it is open; each visit starts from what is stored.
    staleTime: 0,
    gcTime: 0,
  });

/** What can be restored on an image. */
export const deletedMasksQuery = (imageId: string) =>
  queryOptions({
    queryKey: ["images", imageId, "deleted-masks"],
    queryFn: () =>
      unwrap(api.GET("/api/v1/images/{image_id}/masks/deleted", { params: { path: { image_id: imageId } } })),
    staleTime: 0,
  });

export const modelsQuery = () =>
  queryOptions({
    queryKey: ["models"],
    queryFn: () => unwrap(api.GET("/api/v1/models")),
    staleTime: 300_000,
  });

/** The live model; while the first start still prepares it, asked again every second and a half. */
export const liveModelQuery = () =>
  queryOptions({
    queryKey: ["models", "live"],
    queryFn: () => unwrap(api.GET("/api/v1/models/live")),
    staleTime: 60_000,
    retry: (failures, error) => isNotFound(error) || failures < 3,
    retryDelay: (_, error) => (isNotFound(error) ? 1_500 : 1_000),
  });
