import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, unwrap } from "../api/client";
import { openImages } from "../document/open_images";
import { leavings } from "../saving";

/** A lease lasts ten minutes; renewed this often, it survives a few minutes without a network. */
const RENEW_MS = 60_000;

const holdingQuery = (imageId: string) => ({
  queryKey: ["images", imageId, "holding"],
  queryFn: () =>
    unwrap(api.PUT("/api/v1/images/{image_id}/assignment", { params: { path: { image_id: imageId } } })),
});

/** An image that was moved on from is given back this much later: the queue took it back already, the next one loads. */
const LEAVE_AFTER_MS = 500;

/**
 * Has the image for as long as it is open, unless somebody else has it; undefined until the server has answered.
 * `opened`: its masks are there; they come first.
 */
export function useHolding(imageId: string, opened: boolean) {
  const queries = useQueryClient();
  const holding = useQuery({
    ...holdingQuery(imageId),
    enabled: opened,
    staleTime: RENEW_MS,
    gcTime: 0,
    refetchInterval: RENEW_MS,
    // A laptop that is opened again asks at once whether the image is still its own.
    refetchOnWindowFocus: true,
  });
  useEffect(() => {
    const close = openImages.open(imageId);
    leavings.comeBack(imageId);
    const leave = (): void => {
      close();
      if (!openImages.isElsewhere(imageId)) void leavings.leave(imageId);
    };
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      close();
      void openImages
        .elsewhere()
        .then((ids) => (ids.includes(imageId) ? undefined : leavings.leave(imageId, LEAVE_AFTER_MS)));
    };
  }, [imageId]);
  return {
    holding: holding.data,
    refresh: () => queries.invalidateQueries({ queryKey: holdingQuery(imageId).queryKey }),
  };
}
