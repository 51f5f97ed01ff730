/** The decoder of this visit: loaded once per model. */

import type { Model } from "../api/types";
import { ChoosingDecoder } from "../decoder/choosing_decoder";
import { hasGraphicsCard } from "../decoder/graphics_card";
import type { LocalDecoder } from "../decoder/local_decoder";
import { RememberedBackend } from "../decoder/remembered_backends";
import { warmUp } from "../decoder/warm_up";
import { WorkerDecoder } from "../decoder/worker_decoder";

/** How long browsers without idle callbacks are given. */
const IDLE_MS = 200;

let current: { modelId: string; decoder: Promise<LocalDecoder> } | null = null;

/** A failed load is tried again with the next image: it may have been the network. */
export function loadLocalDecoder(model: Model): Promise<LocalDecoder> {
  if (current?.modelId === model.id) return current.decoder;
  void current?.decoder.then((decoder) => decoder.close()).catch(() => undefined);
  const loading = { modelId: model.id, decoder: load(model) };
  current = loading;
  loading.decoder.catch(() => {
    if (current === loading) current = null;
  });
  return loading.decoder;
}

function load(model: Model): Promise<LocalDecoder> {
  return ChoosingDecoder.load({
    load: (backend) => WorkerDecoder.load(backend, model),
    warmUp: (decoder) => warmUp(decoder, model.image_size),
    hasGraphicsCard,
    remembered: new RememberedBackend(model.id, navigator.userAgent, globalThis.localStorage),
    idle,
    now: () => performance.now(),
  });
}

function idle(): Promise<void> {
  return new Promise((resolve) => {
    if ("requestIdleCallback" in globalThis) requestIdleCallback(() => resolve());
    else setTimeout(resolve, IDLE_MS);
  });
}
