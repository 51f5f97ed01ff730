/** Runs the two decoder graphs off the page's thread: prepare once per image, decode once per prompt. */

import runtimeUrl from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import binaryUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { halfToFloat } from "./half";
import type { FromWorker, ToWorker } from "./messages";

const EMBEDDING_CHANNELS = 256;

let graphs: { prepare: InferenceSession; decode: InferenceSession } | null = null;
let prepared: { imageId: string; tensors: InferenceSession.OnnxValueMapType; noMask: Tensor } | null = null;

async function download(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The decoder could not be downloaded (status ${response.status}).`);
  return new Uint8Array(await response.arrayBuffer());
}

async function load({ prepareUrl, decodeUrl, threads }: ToWorker & { kind: "load" }): Promise<void> {
  env.wasm.numThreads = threads;
  env.wasm.wasmPaths = { mjs: runtimeUrl, wasm: binaryUrl };
  const [prepareBytes, decodeBytes] = await Promise.all([download(prepareUrl), download(decodeUrl)]);
  const options: InferenceSession.SessionOptions = { executionProviders: ["wasm"] };
  const prepare = await InferenceSession.create(prepareBytes, options);
  graphs = { prepare, decode: await InferenceSession.create(decodeBytes, options) };
  post({ kind: "loaded" });
}

async function prepareImage({ imageId, embedding }: ToWorker & { kind: "prepare" }): Promise<void> {
  if (!graphs) throw new Error("The decoder is not loaded.");
  // The side follows the model's input size: 64 for 1024 pixels, 32 for 512.
  const side = Math.sqrt(embedding.length / EMBEDDING_CHANNELS);
  const tensors = await graphs.prepare.run({
    image_embedding: new Tensor("float32", halfToFloat(embedding), [1, EMBEDDING_CHANNELS, side, side]),
  });
  const maskShape = [1, 1, 4 * side, 4 * side];
  const noMask = new Tensor("float32", new Float32Array(16 * side * side), maskShape);
  prepared = { imageId, tensors, noMask };
  post({ kind: "prepared", imageId });
}

async function decode(request: ToWorker & { kind: "decode" }): Promise<void> {
  if (!graphs || prepared?.imageId !== request.imageId) throw new Error("The image is not prepared.");
  const { coords, labels, maskInput, requestId } = request;
  const { noMask } = prepared;
  const outputs = await graphs.decode.run({
    ...prepared.tensors,
    point_coords: new Tensor("float32", coords, [1, labels.length, 2]),
    point_labels: new Tensor("float32", labels, [1, labels.length]),
    mask_input: maskInput ? new Tensor("float32", maskInput, noMask.dims) : noMask,
    has_mask_input: new Tensor("float32", Float32Array.of(maskInput ? 1 : 0), [1]),
  });
  // Copied out of the WebAssembly heap, so that it can be handed over without another copy.
  const logits = Float32Array.from(floats(outputs, "low_res_logits"));
  const predictedIou = Array.from(floats(outputs, "iou_predictions"));
  post({ kind: "decoded", requestId, logits, predictedIou }, [logits.buffer]);
}

function floats(outputs: InferenceSession.OnnxValueMapType, name: string): Float32Array {
  const data = outputs[name]?.data;
  if (!(data instanceof Float32Array)) throw new Error(`The decoder gave no ${name}.`);
  return data;
}

function post(message: FromWorker, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}

function handle(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case "load":
      return load(message);
    case "prepare":
      return prepareImage(message);
    case "decode":
      return decode(message);
  }
}

// One message after the other: a session does not run twice at once.
let queue = Promise.resolve();
self.onmessage = ({ data }: MessageEvent<ToWorker>): void => {
  queue = queue.then(() =>
    handle(data).catch((error: unknown) => {
      post({
        kind: "failed",
        during: data.kind,
        reason: error instanceof Error ? error.message : String(error),
      });
    }),
  );
};
