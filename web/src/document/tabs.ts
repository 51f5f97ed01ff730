/** Which pages of this browser are alive, so that one takes over only what a dead one left behind. */

export interface Tabs {
  /** This page's own id, new with every load. */
  readonly id: string;
  /** The ids of all pages that are open now. */
  living(): Promise<ReadonlySet<string>>;
  /** Resolves when none of these pages is open any more, or after `patienceMs`. */
  outlive(ids: readonly string[], patienceMs: number): Promise<void>;
}

const PREFIX = "maskloop page ";

/**
 * Each page holds a lock for as long as it lives; the browser lets go of it when the page is closed, reloaded or
 * killed. Without locks (a page that is not served securely) every other page counts as dead.
 */
export function browserTabs(): Tabs {
  const id = crypto.randomUUID();
  const locks: LockManager | undefined = navigator.locks;
  const granted = new Promise<void>((resolve) => {
    if (!locks) return resolve();
    void locks.request(PREFIX + id, () => {
      resolve();
      return new Promise<never>(() => undefined);
    });
  });
  return {
    id,
    living: async () => {
      await granted;
      const held = (await locks?.query())?.held ?? [];
      const names = held.map(({ name }) => name ?? "").filter((name) => name.startsWith(PREFIX));
      return new Set([id, ...names.map((name) => name.slice(PREFIX.length))]);
    },
    outlive: async (ids, patienceMs) => {
      const signal = AbortSignal.timeout(patienceMs);
      const isTimeout = (error: unknown): boolean =>
        error instanceof DOMException && error.name === "TimeoutError";
      try {
        await Promise.all(ids.map((other) => locks?.request(PREFIX + other, { signal }, () => undefined)));
      } catch (error) {
        if (!isTimeout(error)) throw error;
      }
    },
  };
}
