/** Decodes on the graphics card. The runtime is large: only started where there is a card. */

import runtimeUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import binaryUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import { env, InferenceSession, Tensor } from "onnxruntime-web/webgpu";
import { serve } from "./serve";

/** What is read of WebGPU's `GPUDevice`, which the compiler's library does not have yet. */
interface Device {
  readonly lost: Promise<{ readonly message: string }>;
}

serve({
  ort: { env, InferenceSession, Tensor },
  files: { mjs: runtimeUrl, wasm: binaryUrl },
  executionProvider: "webgpu",
  preparedIn: "gpu-buffer",
  lost: async () => {
    const device = (await env.webgpu.device) as Device;
    const { message } = await device.lost;
    return message || "The graphics card was lost.";
  },
});
