/** Decoding for one open image: gets it ready, answers the latest prompt, falls back to the server. */

import type { Api } from "../api/client";
import type { EmbeddingState, Model } from "../api/types";
import type { Draft } from "../document/draft";
import type { Rle } from "../document/rle";
import { modelFrame } from "../geometry/model_frame";
import { type ImagePoint, type Size, samePixel } from "../geometry/points";
import { Observable } from "../observable";
import { bestCandidate, type Candidate, type Decoded, toCandidates } from "./candidates";
import { EmbeddingFailed, fetchEmbedding } from "./embedding";
import { type Backend, type LocalDecoder, LocalDecoderUnavailable } from "./local_decoder";
import { FOREGROUND, isAmbiguous, type Prompt, toModelInput } from "./prompts";
import { decodeOnServer } from "./server_decoder";
import { Upscaler } from "./upscale";

/** `browser`: on the processor of the person's machine; `gpu`: on its graphics card. */
export type DecodeWhere = "browser" | "gpu" | "server";

const WHERE: Readonly<Record<Backend, DecodeWhere>> = { wasm: "browser", webgpu: "gpu" };

export interface DecodeState {
  readonly phase: "embedding" | "loading" | "ready" | "failed";
  readonly where: DecodeWhere;
  /** While waiting for the embedding: what the server says of it. */
  readonly embedding: EmbeddingState | null;
  /** Why it failed, or why the server decodes instead of the browser. */
  readonly reason: string | null;
}

export interface DecodeSessionOptions {
  readonly api: Api;
  readonly imageId: string;
  readonly image: Size;
  readonly model: Model;
  /** Loads the model into this browser, or finds it loaded. */
  readonly loadLocal: (model: Model) => Promise<LocalDecoder>;
  readonly forceServer: boolean;
  readonly onAnswer: (promptId: number, candidates: Candidate[]) => void;
  readonly onError: (error: unknown) => void;
}

/** What the decoder is asked. */
type Question = Pick<Draft, "prompt" | "maskInput">;

export class DecodeSession extends Observable<DecodeState> {
  readonly upscaler: Upscaler;
  readonly #options: DecodeSessionOptions;
  readonly #abort = new AbortController();
  #local: LocalDecoder | null = null;
  /** The newest prompt not sent yet; an older one that was never sent is dropped. */
  #latest: Draft | null = null;
  #inFlight: number | null = null;
  /** The last preview, asked or answered. */
  #previewed: { readonly pixel: ImagePoint; readonly decoded: Promise<Decoded> } | null = null;

  constructor(options: DecodeSessionOptions) {
    super({
      phase: "embedding",
      where: options.forceServer ? "server" : "browser",
      embedding: null,
      reason: null,
    });
    this.#options = options;
    this.upscaler = new Upscaler(modelFrame(options.image, options.model.image_size));
    void this.#start();
  }

  /** Asks for the draft's masks. Answered once; of several waiting, only the last. */
  request(draft: Draft): void {
    if (draft.promptId === this.#inFlight || draft.promptId === this.#latest?.promptId) return;
    this.#latest = draft;
    void this.#next();
  }

  /** Nobody waits for an answer any more. */
  forget(): void {
    this.#latest = null;
  }

  /**
   * The best mask of a foreground click at `pixel`; null while prompts come first, or where the browser cannot decode.
   * A click that follows on the same pixel takes the answer over.
   */
  async preview(pixel: ImagePoint): Promise<Rle | null> {
    const free = this.getState().phase === "ready" && this.#inFlight === null && this.#latest === null;
    if (!free || !this.#local) return null;
    if (!this.#previewed || !samePixel(this.#previewed.pixel, pixel)) {
      const prompt: Prompt = { points: [{ at: pixel, label: FOREGROUND }], box: null };
      this.#previewed = { pixel, decoded: this.#decode({ prompt, maskInput: null }) };
    }
    try {
      const decoded = await this.#previewed.decoded;
      return this.#abort.signal.aborted ? null : bestCandidate(decoded, true, this.upscaler).mask;
    } catch {
      // Whatever it was, a click meets it too and says so.
      this.#previewed = null;
      return null;
    }
  }

  close(): void {
    this.#abort.abort();
    this.#latest = null;
  }

  async #start(): Promise<void> {
    const { imageId, model, loadLocal, forceServer } = this.#options;
    try {
      const loading = forceServer ? null : loadLocal(model);
      // Handled below, after the embedding; a rejection before that must not count as unhandled.
      loading?.catch(() => undefined);
      const embedding = await fetchEmbedding({
        imageId,
        modelId: model.id,
        signal: this.#abort.signal,
        onWaiting: (state) => this.update({ embedding: state }),
      });
      if (loading) await this.#startLocal(loading, embedding);
      this.update({ phase: "ready", embedding: null });
      void this.#next();
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.update({ phase: "failed", embedding: null, reason });
      if (!(error instanceof EmbeddingFailed)) this.#options.onError(error);
    }
  }

  async #startLocal(loading: Promise<LocalDecoder>, embedding: Uint16Array<ArrayBuffer>): Promise<void> {
    this.update({ phase: "loading", embedding: null });
    try {
      const local = await loading;
      if (this.#abort.signal.aborted) return;
      await local.prepare(this.#options.imageId, embedding);
      this.#local = local;
      this.#decodedBy(local);
    } catch (error) {
      if (!(error instanceof LocalDecoderUnavailable)) throw error;
      this.update({ where: "server", reason: error.message });
    }
  }

  async #next(): Promise<void> {
    if (this.getState().phase !== "ready" || this.#inFlight !== null || !this.#latest) return;
    const draft = this.#latest;
    this.#latest = null;
    this.#inFlight = draft.promptId;
    try {
      const decoded = await (this.#alreadyPreviewed(draft) ?? this.#decode(draft));
      // Drawing a newer prompt's older answer would be wrong; the editor compares the ids once more.
      if (!this.#abort.signal.aborted && this.#latest === null) {
        this.#options.onAnswer(
          draft.promptId,
          toCandidates(decoded, isAmbiguous(draft.prompt, draft.maskInput), this.upscaler),
        );
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#options.onError(error);
    } finally {
      this.#inFlight = null;
    }
    void this.#next();
  }

  #alreadyPreviewed({ prompt, maskInput }: Question): Promise<Decoded> | null {
    const [point] = prompt.points;
    const asked = this.#previewed;
    if (!asked || !isAmbiguous(prompt, maskInput) || point?.label !== FOREGROUND) return null;
    return samePixel(asked.pixel, point.at) ? asked.decoded : null;
  }

  async #decode({ prompt, maskInput }: Question): Promise<Decoded> {
    const { api, imageId, image, model } = this.#options;
    const local = this.#local;
    if (local) {
      try {
        const input = toModelInput(prompt, modelFrame(image, model.image_size));
        const decoded = await local.decode(imageId, input, maskInput);
        this.#decodedBy(local);
        return decoded;
      } catch (error) {
        if (!(error instanceof LocalDecoderUnavailable)) throw error;
        this.#local = null;
        this.update({ where: "server", reason: error.message });
      }
    }
    return decodeOnServer(api, imageId, model.id, prompt, maskInput);
  }

  /** A graphics card can fail in the middle of an image. */
  #decodedBy(local: LocalDecoder): void {
    const where = WHERE[local.backend];
    if (local === this.#local && where !== this.getState().where) this.update({ where });
  }
}
