/** The image that comes next, decoded while the present one is worked on: opening it then waits for no decoding. */

/** What is held until it is taken or given up. */
interface Closable {
  close(): void;
}

type Load<Picture> = (url: string, signal: AbortSignal) => Promise<Picture>;

interface Ahead<Picture> {
  readonly url: string;
  readonly abort: AbortController;
  readonly loading: Promise<Picture>;
}

/** Holds one picture at most, whatever is asked for. */
export class PyramidAhead<Picture extends Closable> {
  readonly #load: Load<Picture>;
  #ahead: Ahead<Picture> | null = null;

  constructor(load: Load<Picture>) {
    this.#load = load;
  }

  /** Begins to load what will be asked for next; what was prepared before is given up. */
  prepare(url: string): void {
    if (this.#ahead?.url === url) return;
    this.discard();
    const abort = new AbortController();
    const loading = this.#load(url, abort.signal);
    const ahead = { url, abort, loading };
    this.#ahead = ahead;
    // What goes wrong is met, and said, when the image is opened: that loads it again.
    loading.catch(() => {
      if (this.#ahead === ahead) this.#ahead = null;
    });
  }

  /** The picture, which is the caller's to close from then on; loaded now unless it was prepared. */
  take(url: string, signal: AbortSignal): Promise<Picture> {
    const ahead = this.#ahead;
    if (ahead?.url !== url) return this.#load(url, signal);
    this.#ahead = null;
    return ahead.loading;
  }

  /** Gives up what was prepared and not taken. */
  discard(): void {
    const ahead = this.#ahead;
    this.#ahead = null;
    ahead?.abort.abort();
    ahead?.loading.then((picture) => picture.close()).catch(() => undefined);
  }
}
