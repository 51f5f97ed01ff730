/** Colours of lines that stay apart for colour-blind eyes (Okabe and Ito), each darker on light ground. */
export const LINE_COLOURS = [
  "light-dark(#0067a8, #56b4e9)",
  "light-dark(#b35f00, #f0a64a)",
  "light-dark(#00785a, #35c79a)",
  "light-dark(#a8457a, #e39ac1)",
] as const;

export function lineColour(index: number): string {
  return LINE_COLOURS[index % LINE_COLOURS.length] ?? LINE_COLOURS[0];
}
