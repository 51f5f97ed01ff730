/** Answers from what was kept while the network is gone, so that a reload of the annotation page works offline. */

import { DATA_CACHE, type Kept, keptAs } from "./kept";
import type { ToServiceWorker } from "./register";

// The compiler's library for pages has no service workers, and that for workers contradicts it.
interface ServiceWorkerEvent extends Event {
  waitUntil(promise: Promise<unknown>): void;
}
interface FetchEvent extends ServiceWorkerEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface Scope {
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: "install" | "activate", listener: (event: ServiceWorkerEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
  addEventListener(
    type: "message",
    listener: (event: ServiceWorkerEvent & { readonly data: ToServiceWorker }) => void,
  ): void;
}
const scope = self as unknown as Scope;

const CACHES: Readonly<Record<Kept, string>> = {
  asset: "maskloop-assets",
  page: "maskloop-page",
  data: DATA_CACHE,
};
/** Entries of a cache beyond this many go, the oldest first. */
const MOST = 400;
/** The page is the same under every address. */
const PAGE_ADDRESS = "/";

scope.addEventListener("install", (event) => event.waitUntil(scope.skipWaiting()));
scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener("message", (event) => {
  const { data } = event;
  event.waitUntil(data.kind === "forget" ? caches.delete(CACHES.data) : keepLoaded(data.addresses));
});
scope.addEventListener("fetch", (event) => {
  const kind = keptAs(event.request, location.origin);
  if (kind === "asset") event.respondWith(keptFirst(event.request));
  else if (kind) event.respondWith(networkFirst(event, kind));
});

/** The page that started this worker had loaded its parts before. */
async function keepLoaded(addresses: readonly string[]): Promise<void> {
  const assets = addresses.filter(
    (url) => keptAs({ method: "GET", mode: "cors", url }, location.origin) === "asset",
  );
  await Promise.all(assets.map((address) => keptFirst(new Request(address))));
  const page = await fetch(PAGE_ADDRESS);
  if (page.ok) await (await caches.open(CACHES.page)).put(PAGE_ADDRESS, page);
}

async function keptFirst(request: Request): Promise<Response> {
  const cache = await caches.open(CACHES.asset);
  const kept = await cache.match(request);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) {
    await cache.put(request, response.clone());
    await trim(cache);
  }
  return response;
}

async function networkFirst(event: FetchEvent, kind: "page" | "data"): Promise<Response> {
  const cache = await caches.open(CACHES[kind]);
  const address = kind === "page" ? PAGE_ADDRESS : event.request.url;
  let response: Response;
  try {
    response = await fetch(event.request);
  } catch (error) {
    const kept = await cache.match(address);
    if (kept) return kept;
    throw error;
  }
  if (response.ok) {
    const copy = response.clone();
    event.waitUntil(cache.put(address, copy).then(() => trim(cache)));
  }
  return response;
}

async function trim(cache: Cache): Promise<void> {
  const requests = await cache.keys();
  await Promise.all(
    requests.slice(0, Math.max(requests.length - MOST, 0)).map((request) => cache.delete(request)),
  );
}
