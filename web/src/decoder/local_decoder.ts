/** A decoder in this browser, as the rest of the page sees it. */

import type { Decoded } from "./candidates";
import type { ModelInput } from "./prompts";

/** What computes: WebAssembly on the processor, or WebGPU on the graphics card. */
export type Backend = "wasm" | "webgpu";

export interface LocalDecoder {
  readonly backend: Backend;

  /** Makes `imageId` the image that prompts refer to. `embedding` is handed over and may be gone afterwards. */
  prepare(imageId: string, embedding: Uint16Array<ArrayBuffer>): Promise<void>;

  decode(imageId: string, input: ModelInput, maskInput: Float32Array | null): Promise<Decoded>;

  /** What is still waiting is rejected. */
  close(): void;
}

/** This browser cannot decode, or not any more. The only error a `LocalDecoder` gives. */
export class LocalDecoderUnavailable extends Error {}
