/** A run's progress and curve as the server tells them, for as long as the page is open. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Schemas } from "../../api/types";
import { runQuery } from "./queries";

type Detail = Schemas["RetrainDetail"];
type News = Pick<Detail, "run" | "points">;

/**
 * Keeps the run's query up to date by server-sent events; returns whether the connection holds.
 * The browser connects again by itself, and each connection begins with the whole curve.
 */
export function useRunEvents(runId: string): boolean {
  const queries = useQueryClient();
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    const events = new EventSource(`/api/v1/retrains/${runId}/events`);
    const { queryKey } = runQuery(runId);
    events.onopen = () => setConnected(true);
    events.onerror = () => setConnected(false);
    events.addEventListener("progress", (event: MessageEvent<string>) => {
      const news = JSON.parse(event.data) as News;
      const before = queries.getQueryData(queryKey);
      queries.setQueryData(queryKey, merged(before, news));
      if (before?.run.state !== news.run.state) {
        // Evaluation, registry and lists follow the state, and are not in the stream.
        void queries.invalidateQueries({ queryKey });
        void queries.invalidateQueries({ queryKey: ["models"] });
        void queries.invalidateQueries({ queryKey: ["projects"], refetchType: "none" });
      }
    });
    events.addEventListener("gone", () => {
      events.close();
      void queries.invalidateQueries({ queryKey });
    });
    return () => events.close();
  }, [runId, queries]);
  return connected;
}

/** The points that came since replace what a run that was resumed had measured at the same steps. */
export function merged(before: Detail | undefined, { run, points }: News): Detail {
  const [first] = points;
  const kept = first
    ? (before?.points ?? []).filter(({ step }) => step < first.step)
    : (before?.points ?? []);
  return { evaluation: before?.evaluation ?? null, run, points: [...kept, ...points] };
}
