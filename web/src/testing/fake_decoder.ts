/** A decoder that answers when the test lets it, on a clock of the test's. */

import type { Decoded } from "../decoder/candidates";
import { type Backend, type LocalDecoder, LocalDecoderUnavailable } from "../decoder/local_decoder";
import type { ModelInput } from "../decoder/prompts";

export class FakeDecoder implements LocalDecoder {
  /** What it was asked: `prepare one`, `decode one`. */
  readonly asked: string[] = [];
  readonly backend: Backend;
  closed = false;
  /** From now on it only fails. */
  lost = false;
  /** A mask of so many of 1,000 samples. */
  covered = 500;
  /** The next answer waits for this. */
  held: Promise<void> | null = null;
  readonly #answerTime: () => void;

  /** @param answerTime lets the time pass that an answer takes. */
  constructor(backend: Backend, answerTime: () => void) {
    this.backend = backend;
    this.#answerTime = answerTime;
  }

  async prepare(imageId: string, embedding: Uint16Array<ArrayBuffer>): Promise<void> {
    this.#ask(`prepare ${imageId}`);
    // As when it is handed over to a worker.
    structuredClone(embedding, { transfer: [embedding.buffer] });
  }

  async decode(imageId: string, _input: ModelInput, _maskInput: Float32Array | null): Promise<Decoded> {
    this.#ask(`decode ${imageId}`);
    await this.held;
    this.#answerTime();
    if (this.lost) throw new LocalDecoderUnavailable("lost");
    const logits = new Float32Array(1_000).fill(-4).fill(4, 0, this.covered);
    return { logits, predictedIou: [0.9] };
  }

  close(): void {
    this.closed = true;
  }

  #ask(what: string): void {
    if (this.closed) throw new LocalDecoderUnavailable("closed");
    if (this.lost) throw new LocalDecoderUnavailable("lost");
    this.asked.push(what);
  }
}
