/** Which masks the list of objects shows, and in which order. */

import type { DocumentMask } from "../document/editor";
import { area } from "../document/rle";

export type Sorting = "newest" | "oldest" | "largest" | "smallest" | "leastSure" | "label";

export interface Listing {
  /** Beginnings of words that a mask's name, label, author or stage must hold. */
  readonly search: string;
  readonly sorting: Sorting;
}

export const EVERYTHING: Listing = { search: "", sorting: "newest" };

/** What a listed mask says in words. */
export type Wording = (mask: DocumentMask) => readonly string[];

export function listed(
  masks: Iterable<DocumentMask>,
  { search, sorting }: Listing,
  words: Wording,
): DocumentMask[] {
  const wanted = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [...masks].filter((mask) => {
    // From the beginning of a word: "automatic" does not mean "semi-automatic".
    const spoken = words(mask).flatMap((text) => text.toLowerCase().split(/\s+/));
    return wanted.every((word) => spoken.some((each) => each.startsWith(word)));
  });
  return found.sort((a, b) => compare(a, b, sorting) || b.order - a.order);
}

function compare(a: DocumentMask, b: DocumentMask, sorting: Sorting): number {
  switch (sorting) {
    case "newest":
      return b.order - a.order;
    case "oldest":
      return a.order - b.order;
    case "largest":
      return area(b.rle) - area(a.rle);
    case "smallest":
      return area(a.rle) - area(b.rle);
    case "leastSure":
      // What the model never judged comes last.
      return (a.body.predicted_iou ?? Infinity) - (b.body.predicted_iou ?? Infinity) || 0;
    case "label":
      return (a.body.label ?? "\uffff").localeCompare(b.body.label ?? "\uffff");
  }
}
