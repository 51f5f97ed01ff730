import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { ApiError, api, Offline, unwrap } from "../api/client";
import type { Turn } from "../api/types";
import type { Closing } from "../document/closings";
import { openImages } from "../document/open_images";
import { closings } from "../saving";
import { texts } from "../texts";
import type { PageCommands } from "./actions";
import type { Annotation } from "./annotation";
import { keymap } from "./keymap";
import { Visited } from "./visited";

interface PageOptions {
  readonly annotation: Annotation;
  readonly projectId: string;
  readonly userId: string;
  readonly toggleKeys: () => void;
  /** Who has the image, or how it was closed, has changed. */
  readonly assignmentChanged: () => Promise<unknown>;
}

/** Which of the page's cards is open: nothing of the main loop is a dialog. */
export type OpenCard = "skip" | "label" | "end" | null;

/** Moving from image to image, and closing them. */
export function usePageCommands(options: PageOptions) {
  const { annotation, projectId, userId, toggleKeys, assignmentChanged } = options;
  const [card, setCard] = useState<OpenCard>(null);
  const navigate = useNavigate();
  const { search } = useLocation();
  const queries = useQueryClient();
  const { id: imageId, previous_id: previousId, next_id: nextId } = annotation.image;
  const visited = useMemo(() => new Visited(projectId, sessionStorage), [projectId]);
  useEffect(() => visited.note(imageId), [visited, imageId]);

  const open = useCallback(
    (id: string | null): void => {
      if (id) void navigate({ pathname: `/projects/${projectId}/images/${id}`, search });
    },
    [navigate, search, projectId],
  );

  const say = useCallback(
    (error: unknown, offline: string): void => {
      if (error instanceof Offline) annotation.tell("problem", offline);
      else if (error instanceof ApiError) annotation.tell("problem", error.message);
      else throw error;
    },
    [annotation],
  );

  const takeNext = useCallback(async (): Promise<void> => {
    try {
      const turn = await nextTurn(projectId, imageId);
      if (turn.image_id) open(turn.image_id);
      else if (turn.left > turn.elsewhere)
        annotation.tell("info", texts.lastOpenImage(keymap.shown("finishImage")));
      else setCard("end");
    } catch (error) {
      say(error, texts.nextWhenOnline);
    }
  }, [annotation, projectId, imageId, open, say]);

  const close = useCallback(
    async (closing: Closing): Promise<void> => {
      setCard(null);
      if (annotation.making.draft) {
        annotation.tell("info", texts.finishFirst);
        return;
      }
      try {
        await closings.close(userId, imageId, closing);
      } catch (error) {
        say(error, texts.closedWhenOnline);
        return;
      }
      void queries.invalidateQueries({ queryKey: ["projects"] });
      void assignmentChanged();
      await takeNext();
    },
    [annotation, userId, imageId, queries, assignmentChanged, takeNext, say],
  );

  const reopen = useCallback(async (): Promise<void> => {
    const params = { path: { image_id: imageId } };
    try {
      await unwrap(api.POST("/api/v1/images/{image_id}/reopen", { params }));
      await assignmentChanged();
      void queries.invalidateQueries({ queryKey: ["projects"] });
    } catch (error) {
      say(error, texts.offlineText);
    }
  }, [imageId, queries, assignmentChanged, say]);

  const page = useMemo<PageCommands>(
    () => ({
      nextImage: () => void takeNext(),
      previousImage: () => open(visited.before(imageId) ?? previousId),
      neighbour: (step) => open(step > 0 ? nextId : previousId),
      finishImage: () => void close({ kind: "finished" }),
      skipImage: () => setCard("skip"),
      pickLabel: () => setCard("label"),
      toggleKeys,
    }),
    [takeNext, open, visited, imageId, previousId, nextId, close, toggleKeys],
  );
  return {
    page,
    card,
    closeCard: () => setCard(null),
    skip: (reason: string) => void close({ kind: "skipped", reason }),
    reopen: () => void reopen(),
  };
}

/** The next image that waits; what this person has open in other windows stays theirs. */
export async function nextTurn(projectId: string, after: string | null): Promise<Turn> {
  const keep = await openImages.elsewhere();
  return unwrap(
    api.POST("/api/v1/projects/{project_id}/queue/next", {
      params: { path: { project_id: projectId } },
      body: { after, keep },
    }),
  );
}
