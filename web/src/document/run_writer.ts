/** Joins pieces of equal colour into runs that start with background; no piece may be empty. */
export class RunWriter {
  readonly #counts: number[] = [];
  #foreground = false;
  #run = 0;

  write(foreground: boolean, length: number): void {
    if (foreground !== this.#foreground) {
      this.#counts.push(this.#run);
      this.#run = 0;
      this.#foreground = foreground;
    }
    this.#run += length;
  }

  finish(): Uint32Array {
    return Uint32Array.from([...this.#counts, this.#run]);
  }
}
