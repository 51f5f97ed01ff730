/** The first half minute: three things to do, each of which ends by being done. */

import type { Editor } from "../document/editor";
import { Observable } from "../observable";

export const TOUR_STEPS = ["click", "correct", "accept", "goOn"] as const;
export type TourStep = (typeof TOUR_STEPS)[number];

type TourStorage = Pick<Storage, "getItem" | "setItem">;

const STORED_AS = "maskloop.tour";
const TAKEN = "taken";

/** Null: over, or taken before in this browser. It goes on where it was, on another image as well as after a reload. */
export class Tour extends Observable<TourStep | null> {
  readonly #storage: TourStorage | undefined;

  constructor(storage: TourStorage | undefined) {
    let stored: string | null | undefined = null;
    try {
      stored = storage?.getItem(STORED_AS);
    } catch {
      // A forbidden storage: the tour comes again, and can be closed again.
    }
    super(stored === TAKEN ? null : (TOUR_STEPS.find((step) => step === stored) ?? "click"));
    this.#storage = storage;
  }

  /** Goes on as the person does; the result stops it. On another image than its last step began on, it is over. */
  follow(editor: Editor): () => void {
    if (this.getState() === "goOn") this.end();
    const before = editor.getState().masks.size;
    return editor.subscribe(() => {
      const step = this.getState();
      const { draft, masks } = editor.getState();
      if (step === null || step === "goOn") return;
      if (masks.size > before) this.set("goOn");
      else if (step === "click" && draft?.candidates) this.set("correct");
      else if (step === "correct" && draft && (draft.prompt.points.length > 1 || draft.chosen > 0)) {
        this.set("accept");
      }
    });
  }

  end(): void {
    this.set(null);
  }

  override set(step: TourStep | null): void {
    super.set(step);
    try {
      this.#storage?.setItem(STORED_AS, step ?? TAKEN);
    } catch {
      // As above.
    }
  }

  again(): void {
    this.set("click");
  }
}

export const tour = new Tour(globalThis.localStorage);
