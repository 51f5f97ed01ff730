/** Finds out, once a visit and while nobody waits, whether the graphics card decodes faster than the processor. */

import { type AnsweredPrompt, isWorthChanging } from "./backend_comparison";
import { type LocalDecoder, LocalDecoderUnavailable } from "./local_decoder";
import type { RememberedBackend } from "./remembered_backends";

/** So many of the person's own prompts are asked again: the processor is never asked anything for the trial's sake. */
const PROMPTS = 5;

export interface TrialOptions {
  /** Rejects with `LocalDecoderUnavailable`. */
  readonly loadCandidate: () => Promise<LocalDecoder>;
  readonly hasGraphicsCard: () => Promise<boolean>;
  readonly remembered: Pick<RememberedBackend, "get" | "set">;
  /** Resolves once no answer is waited for and the browser has nothing to do. */
  readonly quiet: () => Promise<void>;
  /** Milliseconds. */
  readonly now: () => number;
}

export class GraphicsCardTrial {
  readonly #options: TrialOptions;
  /** What the processor answered for the open image; null once it is enough, or if the outcome is known. */
  #answered: AnsweredPrompt[] | null;
  /** A decoder's first answer takes longer than all others. */
  #warm = false;
  #candidate: LocalDecoder | null = null;
  #won = false;
  #closed = false;

  constructor(options: TrialOptions) {
    this.#options = options;
    this.#answered = options.remembered.get() === null ? [] : null;
  }

  /** The prompts of one image belong together. */
  imageChanged(): void {
    if (this.#answered) this.#answered = [];
  }

  /** @param embedding of the open image. */
  add(prompt: AnsweredPrompt, embedding: Uint16Array<ArrayBuffer>): void {
    const answered = this.#answered;
    if (!answered) return;
    if (this.#warm) answered.push(prompt);
    this.#warm = true;
    if (answered.length < PROMPTS) return;
    this.#answered = null;
    void this.#run(answered, embedding);
  }

  /** The graphics card's decoder if it won, once; it is the caller's from then on. */
  takeWinner(): LocalDecoder | null {
    if (!this.#won) return null;
    const winner = this.#candidate;
    this.#candidate = null;
    return winner;
  }

  close(): void {
    this.#closed = true;
    this.#candidate?.close();
  }

  async #run(answered: readonly AnsweredPrompt[], embedding: Uint16Array<ArrayBuffer>): Promise<void> {
    const { quiet, hasGraphicsCard, loadCandidate, remembered } = this.#options;
    await quiet();
    if (!(await hasGraphicsCard())) return;
    const candidate = await unlessUnavailable(loadCandidate());
    // It may have been the network: the next visit tries again.
    if (!candidate) return;
    this.#candidate = candidate;
    const won =
      !this.#closed &&
      (await unlessUnavailable(isWorthChanging(candidate, embedding, answered, this.#options)));
    if (!won || this.#closed) {
      candidate.close();
      this.#candidate = null;
    }
    if (this.#closed) return;
    remembered.set(won ? "webgpu" : "wasm");
    this.#won = won ?? false;
  }
}

async function unlessUnavailable<Result>(result: Promise<Result>): Promise<Result | null> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof LocalDecoderUnavailable) return null;
    throw error;
  }
}
