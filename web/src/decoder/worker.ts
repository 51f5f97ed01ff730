/** Decodes off the page's thread with WebAssembly, which every browser has. */

import runtimeUrl from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import binaryUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { serve } from "./serve";

serve({
  ort: { env, InferenceSession, Tensor },
  files: { mjs: runtimeUrl, wasm: binaryUrl },
  executionProvider: "wasm",
  preparedIn: "cpu",
});
