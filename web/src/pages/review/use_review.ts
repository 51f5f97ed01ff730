/** Decisions on the masks that are shown: taken at once, sent in order, and taken back. */

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, mayPass, Offline } from "../../api/client";
import { type Decision, decide } from "./queries";
import { words } from "./words";

export type Decided = "accepted" | "rejected";

const STATES: Record<"accept" | "reject", Decided> = { accept: "accepted", reject: "rejected" };

interface Step {
  ids: string[];
  before: (Decided | undefined)[];
}

export interface Reviewing {
  /** What was decided on this page, by mask; what is not in it waits. */
  decided: ReadonlyMap<string, Decided>;
  apply: (ids: string[], decision: Decision) => void;
  /** The masks that are as they were before the last step. */
  undo: () => readonly string[];
  saving: boolean;
  error: Error | null;
}

export function useReview(projectId: string): Reviewing {
  const [decided, setDecided] = useState<ReadonlyMap<string, Decided>>(new Map());
  const [open, setOpen] = useState(0);
  const [error, setError] = useState<Error | null>(null);
  const steps = useRef<Step[]>([]);
  const sending = useRef<Promise<unknown>>(Promise.resolve());
  const queries = useQueryClient();

  const show = useCallback((ids: string[], states: (Decided | undefined)[]) => {
    setDecided((before) => {
      const after = new Map(before);
      ids.forEach((id, place) => {
        const state = states[place];
        if (state) after.set(id, state);
        else after.delete(id);
      });
      return after;
    });
  }, []);

  const send = useCallback(
    /** `before`: what is shown again if the server refuses. */
    (ids: string[], decision: Decision, before: (Decided | undefined)[]) => {
      setOpen((count) => count + 1);
      // One after the other: a decision that is taken back must not overtake itself.
      sending.current = sending.current
        .then(() => untilAnswered(() => decide(projectId, ids, decision), setError))
        .then(() => setError(null))
        .catch((reason: unknown) => {
          setError(reason instanceof Error ? reason : new Error(String(reason)));
          show(ids, before);
        })
        .finally(() => {
          setOpen((count) => count - 1);
          // Counts of masks on the other pages follow: the project's, its images', its batches'.
          void queries.invalidateQueries({ queryKey: ["projects"] });
        });
    },
    [projectId, queries, show],
  );

  const apply = useCallback(
    (ids: string[], decision: Decision) => {
      if (ids.length === 0) return;
      steps.current.push({ ids, before: ids.map((id) => decided.get(id)) });
      show(
        ids,
        ids.map(() => (decision === "reopen" ? undefined : STATES[decision])),
      );
      send(
        ids,
        decision,
        ids.map((id) => decided.get(id)),
      );
    },
    [decided, send, show],
  );

  const undo = useCallback(() => {
    const step = steps.current.pop();
    if (!step) return [];
    show(step.ids, step.before);
    for (const [decision, state] of [
      ["reopen", undefined],
      ["accept", "accepted"],
      ["reject", "rejected"],
    ] as const) {
      const ids = step.ids.filter((_, place) => step.before[place] === state);
      const shown = ids.map((id) => decided.get(id));
      if (ids.length > 0) send(ids, decision, shown);
    }
    return step.ids;
  }, [decided, send, show]);

  useEffect(() => {
    if (open === 0) return;
    const guard = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener("beforeunload", guard);
    return () => window.removeEventListener("beforeunload", guard);
  }, [open]);

  return { decided, apply, undo, saving: open > 0, error };
}

const RETRY_MS = 2_000;

/** Asks again for as long as no answer comes, or none that stands, and says so meanwhile. */
async function untilAnswered(ask: () => Promise<unknown>, say: (problem: Error) => void): Promise<void> {
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (!(error instanceof Offline) && !(error instanceof ApiError && mayPass(error.status))) throw error;
      say(new Error(error instanceof Offline ? words.offline : error.message));
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
