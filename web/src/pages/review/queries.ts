/** What the review page reads from the server, and what it asks for. */

import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { Schemas } from "../../api/types";

export const REVIEW_PAGE_SIZE = 18;

export type ReviewedImage = Schemas["ReviewedImage"];
export type Decision = Schemas["Decision"]["decision"];

/** Which masks are shown; what is null is not asked. */
export interface ReviewFilters {
  batch_id?: string | null;
  min_predicted_iou?: number | null;
  max_predicted_iou?: number | null;
  min_stability?: number | null;
  max_stability?: number | null;
  min_size?: number | null;
  max_size?: number | null;
}

/** A page of images with waiting masks; `round` asks anew, for what was decided has left since. */
export const reviewQuery = (projectId: string, filters: ReviewFilters, offset: number, round: number) =>
  queryOptions({
    queryKey: ["review", projectId, filters, offset, round],
    queryFn: async () => {
      const askedAt = performance.now();
      const page = await unwrap(
        api.GET("/api/v1/projects/{project_id}/review", {
          params: { path: { project_id: projectId }, query: { ...filters, offset, limit: REVIEW_PAGE_SIZE } },
        }),
      );
      return { ...page, askedAt };
    },
    // What was decided stays in sight until the next images are asked for.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

export function decide(projectId: string, maskIds: string[], decision: Decision) {
  return unwrap(
    api.POST("/api/v1/projects/{project_id}/review", {
      params: { path: { project_id: projectId } },
      body: { mask_ids: maskIds, decision },
    }),
  );
}

/** Decides on everything that passes the filters, some hundred masks per request. */
export async function decideAll(
  projectId: string,
  filters: ReviewFilters,
  decision: "accept" | "reject",
): Promise<void> {
  for (let left = 1; left > 0; ) {
    const decided = await unwrap(
      api.POST("/api/v1/projects/{project_id}/review/all", {
        params: { path: { project_id: projectId }, query: filters },
        body: { decision },
      }),
    );
    left = decided.changed > 0 ? decided.left : 0;
  }
}
