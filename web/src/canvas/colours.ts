/** Colours on the image. The accent belongs to the object being made alone. */

/** The object being made. */
export const ACCENT = "#ffd500";

/** Stored masks, by their order: told apart with any kind of colour vision (Okabe and Ito, without the yellow). */
export const MASK_COLOURS = ["#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#0072b2", "#d55e00"] as const;

export const FOREGROUND_POINT = "#1fa64a";
export const BACKGROUND_POINT = "#d92b2b";

export function maskColour(order: number): string {
  return MASK_COLOURS[order % MASK_COLOURS.length] as string;
}
