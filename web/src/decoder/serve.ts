/** What a decoder worker does, whichever runtime it has: prepare once per image, decode once per prompt. */

import type * as ort from "onnxruntime-web";
import { halfToFloat } from "./half";
import type { FromWorker, ToWorker } from "./messages";

const EMBEDDING_CHANNELS = 256;

export interface Runtime {
  readonly ort: Pick<typeof ort, "env" | "InferenceSession" | "Tensor">;
  /** The runtime's own files, on our origin. */
  readonly files: { readonly mjs: string; readonly wasm: string };
  readonly executionProvider: "wasm" | "webgpu";
  /** Where the prepared tensors stay between decodes; `gpu-buffer` spares their upload with every prompt. */
  readonly preparedIn: "cpu" | "gpu-buffer";
  /** Resolves with the reason when the device is gone for good. Asked once, after loading. */
  readonly lost?: () => Promise<string>;
}

/** Answers the page's messages for as long as the worker lives. */
export function serve(runtime: Runtime): void {
  const server = new DecoderServer(runtime);
  // One message after the other: a session does not run twice at once.
  let queue = Promise.resolve();
  self.onmessage = ({ data }: MessageEvent<ToWorker>): void => {
    queue = queue.then(() =>
      server.handle(data).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        post({ kind: "failed", during: data.kind, reason });
      }),
    );
  };
}

class DecoderServer {
  readonly #runtime: Runtime;
  #graphs: { readonly prepare: ort.InferenceSession; readonly decode: ort.InferenceSession } | null = null;
  #prepared: {
    readonly imageId: string;
    readonly tensors: ort.InferenceSession.OnnxValueMapType;
    readonly noMask: ort.Tensor;
  } | null = null;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  handle(message: ToWorker): Promise<void> {
    switch (message.kind) {
      case "load":
        return this.#load(message);
      case "prepare":
        return this.#prepare(message);
      case "decode":
        return this.#decode(message);
    }
  }

  async #load({ prepareUrl, decodeUrl, threads }: ToWorker & { kind: "load" }): Promise<void> {
    const { ort, files, executionProvider, preparedIn, lost } = this.#runtime;
    ort.env.wasm.numThreads = threads;
    ort.env.wasm.wasmPaths = files;
    const [prepareBytes, decodeBytes] = await Promise.all([download(prepareUrl), download(decodeUrl)]);
    const options: ort.InferenceSession.SessionOptions = {
      executionProviders: [executionProvider],
      // Shape arithmetic is left to the processor on purpose; the runtime warns of it with every session.
      logSeverityLevel: 3,
    };
    const prepare = await ort.InferenceSession.create(prepareBytes, {
      ...options,
      preferredOutputLocation: preparedIn,
    });
    this.#graphs = { prepare, decode: await ort.InferenceSession.create(decodeBytes, options) };
    void lost?.().then((reason) => post({ kind: "lost", reason }));
    post({ kind: "loaded" });
  }

  async #prepare({ imageId, embedding }: ToWorker & { kind: "prepare" }): Promise<void> {
    if (!this.#graphs) throw new Error("The decoder is not loaded.");
    this.#forget();
    const { Tensor } = this.#runtime.ort;
    // The side follows the model's input size: 64 for 1024 pixels, 40 for 640.
    const side = Math.sqrt(embedding.length / EMBEDDING_CHANNELS);
    const tensors = await this.#graphs.prepare.run({
      image_embedding: new Tensor("float32", halfToFloat(embedding), [1, EMBEDDING_CHANNELS, side, side]),
    });
    const maskShape = [1, 1, 4 * side, 4 * side];
    const noMask = new Tensor("float32", new Float32Array(16 * side * side), maskShape);
    this.#prepared = { imageId, tensors, noMask };
    post({ kind: "prepared", imageId });
  }

  /** Buffers of the graphics card are freed by hand; nothing else knows that they are not needed any more. */
  #forget(): void {
    for (const tensor of Object.values(this.#prepared?.tensors ?? {})) tensor.dispose();
    this.#prepared = null;
  }

  async #decode(request: ToWorker & { kind: "decode" }): Promise<void> {
    const { coords, labels, maskInput, requestId, imageId } = request;
    if (!this.#graphs || this.#prepared?.imageId !== imageId) throw new Error("The image is not prepared.");
    const { Tensor } = this.#runtime.ort;
    const { tensors, noMask } = this.#prepared;
    const outputs = await this.#graphs.decode.run({
      ...tensors,
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
}

async function download(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The decoder could not be downloaded (status ${response.status}).`);
  return new Uint8Array(await response.arrayBuffer());
}

function floats(outputs: ort.InferenceSession.OnnxValueMapType, name: string): Float32Array {
  const data = outputs[name]?.data;
  if (!(data instanceof Float32Array)) throw new Error(`The decoder gave no ${name}.`);
  return data;
}

function post(message: FromWorker, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}
