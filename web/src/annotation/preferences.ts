/** How a person likes to work, kept in this browser. */

import type { Colouring } from "../canvas/colours";
import { Observable } from "../observable";

export interface PreferenceValues {
  /** The mask under the cursor is shown before the click. */
  readonly preview: boolean;
  /** Image pixels. */
  readonly brushDiameter: number;
  /** Of the masks' fill, 0 to 1. */
  readonly fillOpacity: number;
  readonly colourBy: ColourBy;
  /** Of the image as it is shown; 1 leaves it as it is. */
  readonly brightness: number;
  readonly contrast: number;
}

export type ColourBy = Colouring;

const DEFAULTS: PreferenceValues = {
  preview: true,
  brushDiameter: 16,
  fillOpacity: 0.35,
  colourBy: "object",
  brightness: 1,
  contrast: 1,
};
const KEY = "maskloop.annotate";
const MAX_DIAMETER = 400;

export class Preferences extends Observable<PreferenceValues> {
  readonly #storage: Pick<Storage, "getItem" | "setItem"> | undefined;

  constructor(storage: Pick<Storage, "getItem" | "setItem"> | undefined) {
    super({ ...DEFAULTS, ...stored(storage) });
    this.#storage = storage;
  }

  override set(values: PreferenceValues): void {
    super.set(values);
    try {
      this.#storage?.setItem(KEY, JSON.stringify(values));
    } catch {
      // A full or forbidden storage: the choice holds for this visit.
    }
  }

  /** The masks' fill stronger or fainter; the contour alone is a choice of its own. */
  changeOpacity(step: 1 | -1): void {
    const tenths = Math.round(this.getState().fillOpacity * 10) + step;
    this.update({ fillOpacity: Math.min(Math.max(tenths, 1), 10) / 10 });
  }

  /** One step on a scale on which every step looks alike. */
  resizeBrush(step: 1 | -1): void {
    const { brushDiameter } = this.getState();
    const change = Math.max(Math.round(brushDiameter * 0.15), 1);
    this.update({ brushDiameter: Math.min(Math.max(brushDiameter + step * change, 1), MAX_DIAMETER) });
  }
}

function stored(storage: Pick<Storage, "getItem"> | undefined): Partial<PreferenceValues> {
  try {
    const values: unknown = JSON.parse(storage?.getItem(KEY) ?? "{}");
    if (typeof values !== "object" || values === null) return {};
    const sameKind = (key: string): key is keyof PreferenceValues =>
      key in DEFAULTS && typeof (values as never)[key] === typeof DEFAULTS[key as keyof PreferenceValues];
    return Object.fromEntries(Object.entries(values).filter(([key]) => sameKind(key)));
  } catch {
    return {};
  }
}

export const preferences = new Preferences(globalThis.localStorage);
