/** Active and idle time on one mask. A pause counts as active for its first five seconds, as idle beyond. */

export const IDLE_AFTER_MS = 5_000;

export interface ActiveTime {
  readonly activeMs: number;
  readonly idleMs: number;
}

/** Times are milliseconds of one monotonic clock, handed in by the caller. */
export class ActiveClock {
  #activeMs = 0;
  #idleMs = 0;
  #last: number;

  constructor(now: number) {
    this.#last = now;
  }

  /** The person did something. */
  activity(now: number): void {
    const { activeMs, idleMs } = this.read(now);
    this.#activeMs = activeMs;
    this.#idleMs = idleMs;
    this.#last = now;
  }

  read(now: number): ActiveTime {
    const pause = Math.max(now - this.#last, 0);
    const active = Math.min(pause, IDLE_AFTER_MS);
    return { activeMs: this.#activeMs + active, idleMs: this.#idleMs + pause - active };
  }

  /** A new mask begins, or one goes on that took some time before. */
  restart(now: number, before: ActiveTime = { activeMs: 0, idleMs: 0 }): void {
    this.#activeMs = before.activeMs;
    this.#idleMs = before.idleMs;
    this.#last = now;
  }
}
