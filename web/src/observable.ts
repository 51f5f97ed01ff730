/** A value that can be watched; what pages subscribe to instead of passing everything through components. */

import { useSyncExternalStore } from "react";

export class Observable<State> {
  #state: State;
  readonly #listeners = new Set<() => void>();

  constructor(initial: State) {
    this.#state = initial;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getState = (): State => this.#state;

  set(state: State): void {
    if (Object.is(state, this.#state)) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  update(change: Partial<State>): void {
    this.set({ ...this.#state, ...change });
  }
}

type Watchable<State> = Pick<Observable<State>, "subscribe" | "getState">;

/** `select` must return the same reference while nothing it reads has changed. */
export function useObservable<State, Selected>(
  observable: Watchable<State>,
  select: (state: State) => Selected,
): Selected {
  return useSyncExternalStore(observable.subscribe, () => select(observable.getState()));
}
