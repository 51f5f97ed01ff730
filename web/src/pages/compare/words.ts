/** What the comparison of two models says. */

export const words = {
  title: "Old and new",
  subtitle: (base: string, candidate: string) =>
    `Held-out masks, the same first click for both: ${base} at the left, ${candidate} at the right. White is the mask as it was annotated.`,
  goesBack: "The run",
  clicks: "After",
  clickChoices: { "1": "1 click", "3": "3 clicks", "5": "5 clicks" },
  sort: "First",
  sorts: { loss: "What got worse", gain: "What got better", change: "What changed most" },
  none: "No held-out mask was measured.",
  more: (left: number) => `Show more of ${left.toLocaleString("en")}`,
  iou: (value: number) => `IoU ${value.toFixed(2)}`,
  open: "Open the image",
};
