import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export type Clicks = "1" | "3" | "5";
export type Sort = "loss" | "gain" | "change";

const PAGE = 24;

/** The held-out masks of a run in an order, page by page. */
export const comparedQuery = (runId: string, sort: Sort, clicks: Clicks) =>
  infiniteQueryOptions({
    queryKey: ["retrains", runId, "comparison", sort, clicks],
    initialPageParam: 0,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/retrains/{run_id}/comparison", {
          params: { path: { run_id: runId }, query: { sort, clicks, offset: pageParam, limit: PAGE } },
        }),
      ),
    getNextPageParam: (last, pages) => (pages.length * PAGE < last.total ? pages.length * PAGE : undefined),
    placeholderData: (before) => before,
    staleTime: Infinity,
  });

/** Both models' masks of one; measured once, so never asked for again. */
export const oldAndNewQuery = (runId: string, maskId: string, clicks: Clicks) =>
  queryOptions({
    queryKey: ["retrains", runId, "comparison", "mask", maskId, clicks],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/retrains/{run_id}/comparison/{mask_id}", {
          params: { path: { run_id: runId, mask_id: maskId }, query: { clicks } },
        }),
      ),
    staleTime: Infinity,
  });
