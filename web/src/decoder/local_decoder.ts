/** The page's side of the decoder worker; one for the whole visit, so that a model is loaded once. */

import type { Model } from "../api/types";
import type { Decoded } from "./candidates";
import type { FromWorker, ToWorker } from "./messages";
import type { ModelInput } from "./prompts";

/** This browser cannot decode: no WebAssembly, no worker, or the model did not load. */
export class LocalDecoderUnavailable extends Error {}

/** Loading counts as failed after this long without an answer. */
const LOAD_TIMEOUT_MS = 60_000;
const MAX_THREADS = 4;

interface Waiting<Result> {
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
}

export class LocalDecoder {
  readonly #worker: Worker;
  #loaded: Waiting<void> | null = null;
  #preparing: (Waiting<void> & { imageId: string }) | null = null;
  readonly #decoding = new Map<number, Waiting<Decoded>>();
  #nextRequestId = 1;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    worker.onerror = (event) => this.#failAll(event.message || "The decoder stopped.");
  }

  /** Starts a worker and loads the model's two graphs into it. Throws `LocalDecoderUnavailable`. */
  static async load(model: Model): Promise<LocalDecoder> {
    const { prepare_url: prepareUrl, decode_url: decodeUrl } = model;
    if (!prepareUrl || !decodeUrl)
      throw new LocalDecoderUnavailable("The model has no exported decoder yet.");
    if (typeof Worker === "undefined" || typeof WebAssembly === "undefined") {
      throw new LocalDecoderUnavailable("This browser has no WebAssembly or no workers.");
    }
    const decoder = new LocalDecoder(
      new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "decoder" }),
    );
    const threads = globalThis.crossOriginIsolated
      ? Math.min(navigator.hardwareConcurrency || 1, MAX_THREADS)
      : 1;
    try {
      await new Promise<void>((resolve, reject) => {
        decoder.#loaded = { resolve, reject };
        setTimeout(
          () => reject(new LocalDecoderUnavailable("The decoder took too long to load.")),
          LOAD_TIMEOUT_MS,
        );
        decoder.#send({ kind: "load", prepareUrl, decodeUrl, threads });
      });
    } catch (error) {
      decoder.close();
      throw error;
    }
    return decoder;
  }

  /** Makes `imageId` the image that prompts refer to. `embedding` is handed over and gone afterwards. */
  prepare(imageId: string, embedding: Uint16Array<ArrayBuffer>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#preparing?.reject(new LocalDecoderUnavailable("Another image came first."));
      this.#preparing = { imageId, resolve, reject };
      this.#send({ kind: "prepare", imageId, embedding }, [embedding.buffer]);
    });
  }

  decode(imageId: string, input: ModelInput, maskInput: Float32Array | null): Promise<Decoded> {
    return new Promise((resolve, reject) => {
      const requestId = this.#nextRequestId++;
      this.#decoding.set(requestId, { resolve, reject });
      this.#send({ kind: "decode", requestId, imageId, ...input, maskInput });
    });
  }

  close(): void {
    this.#worker.terminate();
    this.#failAll("The decoder was closed.");
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
    }
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
