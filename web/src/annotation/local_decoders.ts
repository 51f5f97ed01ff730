/** The decoder of this visit: one worker, loaded once per model. */

import type { Model } from "../api/types";
import { LocalDecoder } from "../decoder/local_decoder";

let current: { modelId: string; decoder: Promise<LocalDecoder> } | null = null;

/** A failed load is remembered: this browser would only fail again. */
export function loadLocalDecoder(model: Model): Promise<LocalDecoder> {
  if (current?.modelId !== model.id) {
    void current?.decoder.then((decoder) => decoder.close()).catch(() => undefined);
    current = { modelId: model.id, decoder: LocalDecoder.load(model) };
  }
  return current.decoder;
}
