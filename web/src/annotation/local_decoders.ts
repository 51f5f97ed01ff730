/** The decoder of this visit: one worker, loaded once per model. */

import type { Model } from "../api/types";
import { LocalDecoder } from "../decoder/local_decoder";

let current: { modelId: string; decoder: Promise<LocalDecoder> } | null = null;

/** A failed load is tried again with the next image: it may have been the network. */
export function loadLocalDecoder(model: Model): Promise<LocalDecoder> {
  if (current?.modelId === model.id) return current.decoder;
  void current?.decoder.then((decoder) => decoder.close()).catch(() => undefined);
  const loading = { modelId: model.id, decoder: LocalDecoder.load(model) };
  current = loading;
  loading.decoder.catch(() => {
    if (current === loading) current = null;
  });
  return loading.decoder;
}
