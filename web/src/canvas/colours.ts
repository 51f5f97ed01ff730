/** Colours on the image. The accent belongs to the object being made alone. */

import type { Label, Mask } from "../api/types";
import type { DocumentMask } from "../document/editor";

/** The object being made. */
export const ACCENT = "#ffd500";

/** Stored masks, by their order: told apart with any kind of colour vision (Okabe and Ito, without the yellow). */
export const MASK_COLOURS = ["#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#0072b2", "#d55e00"] as const;

export const FOREGROUND_POINT = "#1fa64a";
export const BACKGROUND_POINT = "#d92b2b";

/** Masks without a label, or with one that the project does not list. */
const UNLABELLED = "#9aa3b2";

const STAGE_COLOURS: Readonly<Record<Mask["stage"], string>> = {
  manual: "#56b4e9",
  semi_automatic: "#e69f00",
  automatic: "#cc79a7",
};

export type Colouring = "object" | "label" | "stage";

export function maskColour(order: number): string {
  return MASK_COLOURS[order % MASK_COLOURS.length] as string;
}

export function colourOf(
  { order, body }: Pick<DocumentMask, "order" | "body">,
  by: Colouring,
  labels: ReadonlyMap<string, string>,
): string {
  if (by === "stage") return STAGE_COLOURS[body.stage];
  if (by === "label") return labels.get(body.label ?? "") ?? UNLABELLED;
  return maskColour(order);
}

const byName = new WeakMap<readonly Label[], ReadonlyMap<string, string>>();

/** The labels' colours by name; the same map for the same list. */
export function labelColours(labels: readonly Label[]): ReadonlyMap<string, string> {
  let colours = byName.get(labels);
  if (!colours) {
    colours = new Map(labels.map(({ name, colour }) => [name, colour]));
    byName.set(labels, colours);
  }
  return colours;
}
