/** The one save queue of the visit: it outlives pages, so that moving on never loses work. */

import { api } from "./api/client";
import { SaveQueue } from "./document/save_queue";

export const saveQueue = new SaveQueue(api);

/** Retries when the network is back, and asks before a page with unsaved masks is closed. */
export function watchSaving(queue: SaveQueue): () => void {
  const retry = (): void => queue.retryNow();
  const guard = (event: BeforeUnloadEvent): void => {
    if (queue.getState().unsaved > 0) event.preventDefault();
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
