/** What of the site is kept for a reload without a network, and how. */

/**
 * `asset`: never changes under its address: hashed files, and the decoder's graphs, which a worker loads. `page`: the
 * page itself, newest first. `data`: what opening an image needs, newest first. Pixels and embeddings are immutable,
 * large, and in the browser's own cache already.
 */
export type Kept = "asset" | "page" | "data";

/** The cache with what opening images needs. */
export const DATA_CACHE = "maskloop-data";

const ASSETS = [/^\/assets\//, /^\/favicon\.svg$/, /^\/api\/v1\/models\/[\w-]+\/(prepare|decode)\.onnx$/];
const DATA = [
  /^\/api\/v1\/me$/,
  /^\/api\/v1\/projects\/[\w-]+(\/labels)?$/,
  /^\/api\/v1\/images\/[\w-]+(\/masks)?$/,
  /^\/api\/v1\/models(\/live)?$/,
];

/** Null: the request goes its way. */
export function keptAs(
  { method, mode, url }: Pick<Request, "method" | "mode" | "url">,
  origin: string,
): Kept | null {
  const { origin: target, pathname } = new URL(url);
  if (method !== "GET" || target !== origin) return null;
  if (ASSETS.some((pattern) => pattern.test(pathname))) return "asset";
  if (pathname.startsWith("/api/")) return DATA.some((pattern) => pattern.test(pathname)) ? "data" : null;
  return mode === "navigate" ? "page" : null;
}
