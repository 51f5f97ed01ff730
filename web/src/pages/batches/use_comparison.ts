/** A comparison of two batches, page after page until all images are compared. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, unwrap } from "../../api/client";
import type { Schemas } from "../../api/types";

export type ImageComparison = Schemas["ImageComparison"];
export type Totals = Record<"gained" | "lost" | "changed" | "same", number>;

const PAGE = 50;

/** `done` is how many images the batch has done: with more of them, there is more to compare. */
export function useComparison(batchId: string, earlier: string | null, done: number) {
  const query = useInfiniteQuery({
    queryKey: ["batches", batchId, "comparison", earlier, done],
    enabled: earlier !== null,
    initialPageParam: 0,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/v1/batches/{batch_id}/comparison", {
          params: {
            path: { batch_id: batchId },
            query: { earlier: earlier ?? "", offset: pageParam, limit: PAGE },
          },
        }),
      ),
    getNextPageParam: (last, pages) => (pages.length * PAGE < last.total ? pages.length * PAGE : undefined),
    placeholderData: (before) => before,
  });
  const { hasNextPage, isFetching, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return { items, total: query.data?.pages[0]?.total ?? 0, totals: totalsOf(items), error: query.error };
}

export function totalsOf(items: readonly ImageComparison[]): Totals {
  const totals: Totals = { gained: 0, lost: 0, changed: 0, same: 0 };
  for (const item of items) {
    totals.gained += item.gained;
    totals.lost += item.lost;
    totals.changed += item.changed;
    totals.same += item.same;
  }
  return totals;
}
