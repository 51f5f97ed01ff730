/** Fetching an image's embedding, waiting for it while it is computed. */

import { ApiError, asProblem, Offline, reached } from "../api/client";
import type { EmbeddingState } from "../api/types";

const FIRST_DELAY_MS = 150;
const MAX_DELAY_MS = 1_000;

export interface EmbeddingRequest {
  readonly imageId: string;
  readonly modelId: string;
  readonly signal: AbortSignal;
  /** Called with the queue's state each time the embedding is not there yet. */
  readonly onWaiting?: (state: EmbeddingState) => void;
}

/** The embedding could not be computed; the message is the worker's reason. */
export class EmbeddingFailed extends Error {}

export function embeddingUrl(imageId: string, modelId: string, prefetch = false): string {
  const query = new URLSearchParams({ model_id: modelId });
  if (prefetch) query.set("prefetch", "1");
  return `/api/v1/images/${imageId}/embedding?${query}`;
}

/**
 * float16 bits [256, side, side]. Asking puts the image in front of the queue; asked again at growing intervals, every
 * second at most, until it is there. Throws `EmbeddingFailed`, `ApiError` or an `AbortError`.
 */
export async function fetchEmbedding(request: EmbeddingRequest): Promise<Uint16Array<ArrayBuffer>> {
  const { imageId, modelId, signal, onWaiting } = request;
  let delay = FIRST_DELAY_MS;
  for (;;) {
    try {
      const response = await reached(fetch(embeddingUrl(imageId, modelId), { signal }));
      if (response.status === 200) return new Uint16Array(await response.arrayBuffer());
      if (response.status !== 202) throw new ApiError(response.status, asProblem(await json(response)));
      const state = (await response.json()) as EmbeddingState;
      if (state.state === "failed") throw new EmbeddingFailed(state.error ?? "");
      onWaiting?.(state);
    } catch (error) {
      if (!(error instanceof Offline)) throw error;
    }
    await pause(delay, signal);
    delay = Math.min(delay * 1.6, MAX_DELAY_MS);
  }
}

async function json(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal.addEventListener("abort", abort, { once: true });
  });
}
