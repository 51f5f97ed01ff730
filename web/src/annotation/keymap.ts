/** Which key does what: the defaults, and what the person chose instead, kept in this browser. */

import { Observable } from "../observable";
import { ACTION_NAMES, ACTIONS, type ActionName } from "./actions";
import { spoken } from "./chords";

type Chosen = Readonly<Partial<Record<ActionName, readonly string[]>>>;
type KeyStorage = Pick<Storage, "getItem" | "setItem">;

const STORED_AS = "maskloop.keys";

export class Keymap extends Observable<Chosen> {
  readonly #storage: KeyStorage | undefined;

  constructor(storage: KeyStorage | undefined) {
    super(stored(storage));
    this.#storage = storage;
  }

  keysOf(name: ActionName): readonly string[] {
    return this.getState()[name] ?? ACTIONS[name].keys;
  }

  actionOf(chord: string): ActionName | null {
    return ACTION_NAMES.find((name) => this.keysOf(name).includes(chord)) ?? null;
  }

  /** The first key, for a tooltip; "" when it has none. */
  shown(name: ActionName): string {
    const [chord] = this.keysOf(name);
    return chord === undefined ? "" : spoken(chord);
  }

  /** Makes `chord` the action's only key. Who had it before is left without, and is returned. */
  choose(name: ActionName, chord: string): ActionName | null {
    const before = this.actionOf(chord);
    const robbed = before !== name ? before : null;
    const taken = robbed && { [robbed]: this.keysOf(robbed).filter((key) => key !== chord) };
    this.set({ ...this.getState(), ...taken, [name]: [chord] });
    return robbed;
  }

  reset(): void {
    this.set({});
  }

  override set(chosen: Chosen): void {
    super.set(chosen);
    try {
      this.#storage?.setItem(STORED_AS, JSON.stringify(chosen));
    } catch {
      // A full or forbidden storage: the choice holds for this visit.
    }
  }
}

function stored(storage: KeyStorage | undefined): Chosen {
  try {
    const values: unknown = JSON.parse(storage?.getItem(STORED_AS) ?? "{}");
    if (typeof values !== "object" || values === null) return {};
    const sound = ([name, keys]: [string, unknown]): boolean =>
      name in ACTIONS && Array.isArray(keys) && keys.every((key) => typeof key === "string");
    return Object.fromEntries(Object.entries(values).filter(sound));
  } catch {
    return {};
  }
}

export const keymap = new Keymap(globalThis.localStorage);
