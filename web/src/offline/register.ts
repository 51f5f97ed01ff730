/** The page's side of the service worker. */

export type ToServiceWorker =
  | { readonly kind: "keep"; readonly addresses: readonly string[] }
  /** Somebody else may sit at this browser next. */
  | { readonly kind: "forget" };

/** Makes reloads work without a network. Does nothing where the browser has no service workers. */
export async function keepForOffline(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/service_worker.js", { type: "module" });
  await navigator.serviceWorker.ready;
  const addresses = performance.getEntriesByType("resource").map(({ name }) => name);
  tell({ kind: "keep", addresses });
}

/** Takes away what was kept of a person's projects. */
export function forgetOffline(): void {
  tell({ kind: "forget" });
}

function tell(message: ToServiceWorker): void {
  navigator.serviceWorker?.controller?.postMessage(message);
}
