/** Decisions on the masks that are shown: taken at once, sent in order, and taken back. */

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { type Decision, decide } from "./queries";

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
  undo: () => void;
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

  const send = useCallback(
    (ids: string[], decision: Decision) => {
      setOpen((count) => count + 1);
      // One after the other: a decision that is taken back must not overtake itself.
      sending.current = sending.current
        .then(() => decide(projectId, ids, decision))
        .then(() => setError(null))
        .catch((reason: unknown) => setError(reason instanceof Error ? reason : new Error(String(reason))))
        .finally(() => {
          setOpen((count) => count - 1);
          // Counts of masks on the other pages follow: the project's, its images', its batches'.
          void queries.invalidateQueries({ queryKey: ["projects"] });
        });
    },
    [projectId, queries],
  );

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

  const apply = useCallback(
    (ids: string[], decision: Decision) => {
      if (ids.length === 0) return;
      steps.current.push({ ids, before: ids.map((id) => decided.get(id)) });
      show(
        ids,
        ids.map(() => (decision === "reopen" ? undefined : STATES[decision])),
      );
      send(ids, decision);
    },
    [decided, send, show],
  );

  const undo = useCallback(() => {
    const step = steps.current.pop();
    if (!step) return;
    show(step.ids, step.before);
    for (const [decision, state] of [
      ["reopen", undefined],
      ["accept", "accepted"],
      ["reject", "rejected"],
    ] as const) {
      const ids = step.ids.filter((_, place) => step.before[place] === state);
      if (ids.length > 0) send(ids, decision);
    }
  }, [send, show]);

  return { decided, apply, undo, saving: open > 0, error };
}
