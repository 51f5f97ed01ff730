/** The one save queue of the visit: it outlives pages, so that moving on never loses work. */

import { queryOptions } from "@tanstack/react-query";
import { actingHeaders, api } from "./api/client";
import { Closings } from "./document/closings";
import { Journal } from "./document/journal";
import { Leavings } from "./document/leavings";
import { SaveQueue } from "./document/save_queue";
import { StoredMasks } from "./offline/stored_masks";

export const journal = new Journal();
const storedMasks = new StoredMasks(globalThis.caches, globalThis.location?.origin ?? "");
export const saveQueue = new SaveQueue(api, journal, {
  // Without a copy a reload offline shows less, and nothing is lost: the server has it.
  onStored: (mask) => void storedMasks.keep(mask).catch(() => undefined),
});
export const closings = new Closings(api, globalThis.localStorage);
export const leavings = new Leavings(globalThis.localStorage, async (imageId) => {
  try {
    // Sent even while the page goes away.
    const address = `/api/v1/images/${imageId}/assignment`;
    const response = await fetch(address, { method: "DELETE", keepalive: true, headers: actingHeaders() });
    // A refusal stays one: asking again would change nothing.
    return response.status < 500;
  } catch (error) {
    // No network. Without another page to ask again, the lease runs out.
    if (error instanceof TypeError) return false;
    throw error;
  }
});

/** What this browser kept of the person's work on an image; unsaved masks of all images are sent on the way. */
export const keptQuery = (userId: string | undefined, imageId: string) =>
  queryOptions({
    queryKey: ["kept", userId, imageId],
    enabled: userId !== undefined,
    queryFn: async () => {
      await saveQueue.resume(userId ?? "", imageId);
      return { draft: await journal.adoptDraft(userId ?? "", imageId) };
    },
    // Read when an image is opened, and never while it is open.
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    networkMode: "always",
  });

/** Retries when the network is back, and asks before a page is closed with work that nothing else holds. */
export function watchSaving(queue: SaveQueue): () => void {
  const retry = (): void => queue.retryNow();
  const guard = (event: BeforeUnloadEvent): void => {
    if (journal.getState() !== "kept" && queue.getState().unsaved > 0) event.preventDefault();
  };
  window.addEventListener("online", retry);
  window.addEventListener("focus", retry);
  window.addEventListener("beforeunload", guard);
  return () => {
    window.removeEventListener("online", retry);
    window.removeEventListener("focus", retry);
    window.removeEventListener("beforeunload", guard);
  };
}
