/** The images chosen in a listing. */

import { useCallback, useState } from "react";
import type { Image } from "../../api/types";
import { NOTHING, rangeTo, type Selection, toggled, withAll, without } from "./selection";

export interface Choosing {
  chosen: ReadonlyMap<string, Image>;
  /** A click on an image; `range` when Shift is held. */
  pick: (image: Image, range: boolean) => void;
  pickAll: () => void;
  /** For an image that is deleted. */
  drop: (image: Image) => void;
  clear: () => void;
}

/**
 * `shown` is the page of the listing that is to be seen; a choice outlives it. It ends where another `listing` begins,
 * so that nothing is chosen that the person has filtered out.
 */
export function useSelection(listing: string, shown: readonly Image[]): Choosing {
  const [state, setState] = useState<{ listing: string; selection: Selection<Image> }>({
    listing,
    selection: NOTHING,
  });
  const change = useCallback(
    (make: (selection: Selection<Image>) => Selection<Image>) =>
      setState((before) => ({
        listing,
        selection: make(before.listing === listing ? before.selection : NOTHING),
      })),
    [listing],
  );
  const selection = state.listing === listing ? state.selection : NOTHING;
  return {
    chosen: selection.items,
    pick: (image, range) =>
      change((before) => (range ? rangeTo(before, shown, image) : toggled(before, image))),
    pickAll: () => change((before) => withAll(before, shown)),
    drop: (image) => change((before) => without(before, image)),
    clear: useCallback(() => change(() => NOTHING), [change]),
  };
}
