/** The page's side of one decoder worker. */

import type { Model } from "../api/types";
import type { Decoded } from "./candidates";
import { type Backend, type LocalDecoder, LocalDecoderUnavailable } from "./local_decoder";
import type { FromWorker, ToWorker } from "./messages";
import type { ModelInput } from "./prompts";

/** Loading counts as failed after this long without an answer. */
const LOAD_TIMEOUT_MS = 60_000;
/** A graphics card may hang; a processor is only slow. */
const ANSWER_TIMEOUT_MS: Readonly<Record<Backend, number | null>> = { wasm: null, webgpu: 20_000 };
const MAX_THREADS = 4;

// The bundler looks for exactly this form.
const START: Readonly<Record<Backend, () => Worker>> = {
  wasm: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "decoder" }),
  webgpu: () =>
    new Worker(new URL("./webgpu_worker.ts", import.meta.url), { type: "module", name: "webgpu decoder" }),
};

interface Waiting<Result> {
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
}

export class WorkerDecoder implements LocalDecoder {
  readonly backend: Backend;
  readonly #worker: Worker;
  #loaded: Waiting<void> | null = null;
  #preparing: (Waiting<void> & { imageId: string }) | null = null;
  readonly #decoding = new Map<number, Waiting<Decoded>>();
  #nextRequestId = 1;
  /** Why it answers nothing any more. */
  #gone: LocalDecoderUnavailable | null = null;

  private constructor(backend: Backend) {
    this.backend = backend;
    this.#worker = START[backend]();
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    this.#worker.onerror = (event) => this.#failAll(event.message || "The decoder stopped.");
  }

  /** Starts a worker and loads the model's two graphs into it. Throws `LocalDecoderUnavailable`. */
  static async load(backend: Backend, model: Model): Promise<WorkerDecoder> {
    const { prepare_url: prepareUrl, decode_url: decodeUrl } = model;
    if (!prepareUrl || !decodeUrl)
      throw new LocalDecoderUnavailable("The model has no exported decoder yet.");
    if (typeof Worker === "undefined" || typeof WebAssembly === "undefined") {
      throw new LocalDecoderUnavailable("This browser has no WebAssembly or no workers.");
    }
    const decoder = new WorkerDecoder(backend);
    const loading = new Promise<void>((resolve, reject) => {
      decoder.#loaded = { resolve, reject };
      decoder.#send({ kind: "load", prepareUrl, decodeUrl, threads: threads(backend) });
    });
    try {
      await within(LOAD_TIMEOUT_MS, loading, "The decoder took too long to load.");
    } catch (error) {
      decoder.close();
      throw error;
    }
    return decoder;
  }

  prepare(imageId: string, embedding: Uint16Array<ArrayBuffer>): Promise<void> {
    return this.#ask((resolve, reject) => {
      this.#preparing?.reject(new LocalDecoderUnavailable("Another image came first."));
      this.#preparing = { imageId, resolve, reject };
      this.#send({ kind: "prepare", imageId, embedding }, [embedding.buffer]);
    });
  }

  decode(imageId: string, input: ModelInput, maskInput: Float32Array | null): Promise<Decoded> {
    return this.#ask((resolve, reject) => {
      const requestId = this.#nextRequestId++;
      this.#decoding.set(requestId, { resolve, reject });
      this.#send({ kind: "decode", requestId, imageId, ...input, maskInput });
    });
  }

  close(): void {
    this.#worker.terminate();
    this.#lose("The decoder was closed.");
  }

  #ask<Result>(send: (resolve: Waiting<Result>["resolve"], reject: Waiting<Result>["reject"]) => void) {
    if (this.#gone) return Promise.reject(this.#gone);
    return within(ANSWER_TIMEOUT_MS[this.backend], new Promise<Result>(send), "The decoder does not answer.");
  }

  #send(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case "loaded":
        this.#loaded?.resolve();
        return;
      case "prepared":
        if (this.#preparing?.imageId !== message.imageId) return;
        this.#preparing.resolve();
        this.#preparing = null;
        return;
      case "decoded":
        this.#decoding.get(message.requestId)?.resolve(message);
        this.#decoding.delete(message.requestId);
        return;
      case "failed":
        this.#failAll(message.reason);
        return;
      case "lost":
        this.#lose(message.reason);
    }
  }

  #lose(reason: string): void {
    this.#gone = new LocalDecoderUnavailable(reason);
    this.#failAll(reason);
  }

  #failAll(reason: string): void {
    const error = new LocalDecoderUnavailable(reason);
    this.#loaded?.reject(error);
    this.#preparing?.reject(error);
    this.#preparing = null;
    for (const waiting of this.#decoding.values()) waiting.reject(error);
    this.#decoding.clear();
  }
}

/** With the graphics card computing, one thread is all that the rest needs. */
function threads(backend: Backend): number {
  if (backend === "webgpu" || !globalThis.crossOriginIsolated) return 1;
  return Math.min(navigator.hardwareConcurrency || 1, MAX_THREADS);
}

/** `answer`, or `LocalDecoderUnavailable` after `ms`; null waits for as long as it takes. */
async function within<Result>(ms: number | null, answer: Promise<Result>, tooLate: string): Promise<Result> {
  if (ms === null) return answer;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new LocalDecoderUnavailable(tooLate)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
