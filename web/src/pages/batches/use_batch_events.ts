/** A batch's progress as the server tells it, for as long as the page is open. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Schemas } from "../../api/types";
import { batchQuery } from "./queries";

/**
 * Keeps the batch's query up to date by server-sent events; returns whether the connection holds.
 * The browser connects again by itself, and each connection begins with the state of things.
 */
export function useBatchEvents(batchId: string): boolean {
  const queries = useQueryClient();
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    const events = new EventSource(`/api/v1/batches/${batchId}/events`);
    events.onopen = () => setConnected(true);
    events.onerror = () => setConnected(false);
    events.addEventListener("progress", (event: MessageEvent<string>) => {
      const progress = JSON.parse(event.data) as Schemas["BatchProgress"];
      // The batch makes masks: what other pages know of the project is out of date, and asked for when they open.
      void queries.invalidateQueries({ queryKey: ["projects"], refetchType: "none" });
      queries.setQueryData(batchQuery(batchId).queryKey, progress);
    });
    events.addEventListener("gone", () => {
      events.close();
      void queries.invalidateQueries({ queryKey: batchQuery(batchId).queryKey });
    });
    return () => events.close();
  }, [batchId, queries]);
  return connected;
}
