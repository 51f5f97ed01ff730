/** The pages' copy of what the server said, and when the server is asked again. */

import {
  type InvalidateOptions,
  type InvalidateQueryFilters,
  QueryClient,
  type QueryKey,
} from "@tanstack/react-query";
import { ApiError, Offline } from "./client";

const RENEWAL_MS = 3_000;

/** A query's `refetchInterval`: what is shown and could not be renewed just now is asked for until it is. */
export function untilRenewed({ state }: { state: { data: unknown; error: unknown } }): number | false {
  const { data, error } = state;
  const unanswered = error instanceof Offline || (error instanceof ApiError && error.status >= 500);
  return data !== undefined && unanswered ? RENEWAL_MS : false;
}

class PageQueries extends QueryClient {
  /**
   * What is invalidated is asked for after the change, too, where its first answer is still on its way: the library
   * would take that one, which may have been read before the change, for the newest.
   */
  override async invalidateQueries<Key extends QueryKey = QueryKey>(
    filters?: InvalidateQueryFilters<Key>,
    options?: InvalidateOptions,
  ): Promise<void> {
    const first = this.getQueryCache()
      .findAll({ ...filters, fetchStatus: "fetching" })
      .filter(({ state }) => state.data === undefined);
    const again = first.map(async ({ promise, queryHash }) => {
      await Promise.allSettled([promise]);
      await super.invalidateQueries(
        { ...filters, predicate: (query) => query.queryHash === queryHash },
        options,
      );
    });
    await Promise.all([super.invalidateQueries(filters, options), ...again]);
  }
}

export function createQueryClient(): QueryClient {
  return new PageQueries({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // A refusal stays a refusal; a server that did not answer, or could not just now, is asked again.
        retry: (failures, error) => !(error instanceof ApiError && error.status < 500) && failures < 2,
        // The server is usually on this machine and reachable whatever the browser thinks of the network.
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}
