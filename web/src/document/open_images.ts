/** Which images the pages of this browser have open, so that one page never gives back what another still shows. */

const PREFIX = "maskloop image ";
const CHANNEL = "maskloop images";

type Channel = Pick<BroadcastChannel, "postMessage" | "onmessage">;

/**
 * Each page holds a lock per image for as long as it shows it; the browser lets go of it when the page dies. Without
 * locks (a page that is not served securely) the others are not known.
 */
export class OpenImages {
  readonly #locks: LockManager | undefined;
  readonly #channel: Channel | undefined;
  readonly #pageId = crypto.randomUUID();
  /** Names of the other pages' locks, as last heard: a page that goes away has no time to ask. */
  #others = new Set<string>();

  constructor(locks: LockManager | undefined, channel: Channel | undefined) {
    this.#locks = locks;
    this.#channel = channel;
    if (channel) {
      channel.onmessage = ({ data }: MessageEvent<unknown>) => {
        // What has just closed may still hold its lock.
        if (typeof data === "string") this.#others.delete(data);
        else void this.elsewhere();
      };
    }
  }

  /** Marks an image as open on this page, until what it returns is called. */
  open(imageId: string): () => void {
    const name = `${PREFIX}${imageId} ${this.#pageId}`;
    let close: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => {
      close = resolve;
    });
    void this.#locks?.request(name, { mode: "shared" }, () => {
      this.#channel?.postMessage(null);
      return closed;
    });
    void this.elsewhere();
    return () => {
      close();
      this.#channel?.postMessage(name);
    };
  }

  /** The images that other pages have open. */
  async elsewhere(): Promise<string[]> {
    const held = (await this.#locks?.query())?.held ?? [];
    const names = held.map(({ name }) => name ?? "");
    this.#others = new Set(
      names.filter((name) => name.startsWith(PREFIX) && !name.endsWith(` ${this.#pageId}`)),
    );
    return [...new Set([...this.#others].map(imageOf))];
  }

  /** Whether another page is known to have the image open. */
  isElsewhere(imageId: string): boolean {
    return [...this.#others].some((name) => imageOf(name) === imageId);
  }
}

function imageOf(name: string): string {
  return name.slice(PREFIX.length).split(" ", 1)[0] ?? "";
}

export const openImages = new OpenImages(
  globalThis.navigator?.locks,
  globalThis.BroadcastChannel && new BroadcastChannel(CHANNEL),
);
