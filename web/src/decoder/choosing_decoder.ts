/** Decodes on the processor; on the graphics card where that was found to be faster, for as long as it works. */

import type { Decoded } from "./candidates";
import { GraphicsCardTrial } from "./graphics_card_trial";
import { type Backend, type LocalDecoder, LocalDecoderUnavailable } from "./local_decoder";
import type { ModelInput } from "./prompts";
import type { RememberedBackend } from "./remembered_backends";

export interface ChoosingOptions {
  /** Rejects with `LocalDecoderUnavailable`. */
  readonly load: (backend: Backend) => Promise<LocalDecoder>;
  /** Has the decoder answer something once, so that the person's first prompt does not wait for its compiler. */
  readonly warmUp: (decoder: LocalDecoder) => Promise<void>;
  readonly hasGraphicsCard: () => Promise<boolean>;
  readonly remembered: Pick<RememberedBackend, "get" | "set">;
  /** Resolves when the browser has nothing to do. */
  readonly idle: () => Promise<void>;
  /** Milliseconds. */
  readonly now: () => number;
}

interface OpenImage {
  readonly id: string;
  /** Kept, so that another decoder can take over in the middle of the image. */
  readonly embedding: Uint16Array<ArrayBuffer>;
}

interface InUse {
  readonly backend: Backend;
  readonly decoder: Promise<LocalDecoder>;
}

export class ChoosingDecoder implements LocalDecoder {
  readonly #options: ChoosingOptions;
  readonly #trial: GraphicsCardTrial;
  #inUse: InUse;
  /** The processor's decoder did not load when it had to take over: the next image tries again. */
  #notLoaded: InUse | null = null;
  #image: OpenImage | null = null;
  #prepared: { readonly inUse: InUse; readonly image: OpenImage; readonly done: Promise<void> } | null = null;
  readonly #answers = new Set<Promise<Decoded>>();
  #closed = false;

  private constructor(options: ChoosingOptions, first: LocalDecoder) {
    this.#options = options;
    this.#inUse = inUse(first);
    this.#trial = new GraphicsCardTrial({
      ...options,
      loadCandidate: () => options.load("webgpu"),
      quiet: () => this.#quiet(),
    });
  }

  /** Loads what was best on an earlier visit, or else the processor's decoder. Throws `LocalDecoderUnavailable`. */
  static async load(options: ChoosingOptions): Promise<ChoosingDecoder> {
    const { load, hasGraphicsCard, remembered } = options;
    if (remembered.get() === "webgpu" && (await hasGraphicsCard())) {
      try {
        return new ChoosingDecoder(options, await loadWarm(options));
      } catch (error) {
        if (!(error instanceof LocalDecoderUnavailable)) throw error;
        remembered.set(null);
      }
    }
    return new ChoosingDecoder(options, await load("wasm"));
  }

  get backend(): Backend {
    return this.#inUse.backend;
  }

  prepare(imageId: string, embedding: Uint16Array<ArrayBuffer>): Promise<void> {
    const image = { id: imageId, embedding };
    this.#image = image;
    this.#trial.imageChanged();
    const winner = this.#trial.takeWinner();
    if (winner) this.#changeTo(winner);
    if (this.#notLoaded === this.#inUse) this.#fallBack();
    return this.#attempt(image, () => Promise.resolve());
  }

  async decode(imageId: string, input: ModelInput, maskInput: Float32Array | null): Promise<Decoded> {
    const image = this.#image;
    if (image?.id !== imageId) throw new LocalDecoderUnavailable("Another image came first.");
    const alone = this.#answers.size === 0;
    const start = this.#options.now();
    const answering = this.#attempt(image, (decoder) => decoder.decode(imageId, input, maskInput));
    this.#answers.add(answering);
    try {
      const answer = await answering;
      const ms = this.#options.now() - start;
      if (alone && this.#image === image) {
        this.#trial.add({ input, maskInput, answer, ms }, image.embedding);
      }
      return answer;
    } finally {
      this.#answers.delete(answering);
    }
  }

  close(): void {
    this.#closed = true;
    this.#trial.close();
    closeLoaded(this.#inUse);
  }

  /** Asks the decoder in use, with `image` prepared in it; if the graphics card fails, the processor's. */
  async #attempt<Result>(image: OpenImage, ask: (decoder: LocalDecoder) => Promise<Result>): Promise<Result> {
    const asked = this.#inUse;
    try {
      const decoder = await asked.decoder;
      await this.#prepareOnce(asked, decoder, image);
      return await ask(decoder);
    } catch (error) {
      const current = this.#image === image && !this.#closed;
      const cardFailed = error instanceof LocalDecoderUnavailable && asked.backend === "webgpu";
      if (!current || !cardFailed) throw error;
      // Several prompts can meet the same failure.
      if (this.#inUse === asked) this.#fallBack();
      return this.#attempt(image, ask);
    }
  }

  #prepareOnce(asked: InUse, decoder: LocalDecoder, image: OpenImage): Promise<void> {
    if (this.#prepared?.inUse !== asked || this.#prepared.image !== image) {
      this.#prepared = { inUse: asked, image, done: decoder.prepare(image.id, image.embedding.slice()) };
    }
    return this.#prepared.done;
  }

  #fallBack(): void {
    closeLoaded(this.#inUse);
    this.#options.remembered.set("wasm");
    const next: InUse = { backend: "wasm", decoder: this.#options.load("wasm") };
    next.decoder.catch(() => {
      this.#notLoaded = next;
    });
    this.#inUse = next;
  }

  /** What is still asked about the last image is answered before its decoder goes. */
  #changeTo(decoder: LocalDecoder): void {
    const last = this.#inUse;
    void Promise.allSettled([...this.#answers]).then(() => closeLoaded(last));
    this.#inUse = inUse(decoder);
  }

  /** Nobody waits for an answer, and the browser has nothing to do. */
  async #quiet(): Promise<void> {
    do {
      await Promise.allSettled([...this.#answers]);
      await this.#options.idle();
    } while (this.#answers.size > 0);
  }
}

async function loadWarm({ load, warmUp }: ChoosingOptions): Promise<LocalDecoder> {
  const decoder = await load("webgpu");
  try {
    await warmUp(decoder);
  } catch (error) {
    decoder.close();
    throw error;
  }
  return decoder;
}

function inUse(decoder: LocalDecoder): InUse {
  return { backend: decoder.backend, decoder: Promise.resolve(decoder) };
}

function closeLoaded({ decoder }: InUse): void {
  decoder.then(
    (loaded) => loaded.close(),
    // Nothing was loaded, and whoever asked it was told.
    () => undefined,
  );
}
