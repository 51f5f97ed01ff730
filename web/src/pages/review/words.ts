/** What the review page says. */

const plural = (count: number, one: string): string =>
  `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;

export const words = {
  waiting: (masks: number, images: number) =>
    `${plural(masks, "mask")} on ${plural(images, "image")} to review`,
  hint: "Click a mask to reject it.",
  keysHint: "A accepts an image's masks, X rejects them, Z takes back, arrows move.",
  predictedIou: "Predicted IoU",
  stability: "Stability",
  size: "Size",
  sizeOf: (low: string, high: string) => `${low} – ${high} of the image`,
  clear: "All masks",
  acceptShown: "Accept all",
  rejectShown: "Reject all",
  acceptAllText: (masks: number) => `${plural(masks, "mask")} that pass the filters become annotation.`,
  rejectAllText: (masks: number) =>
    `${plural(masks, "mask")} that pass the filters are deleted, on this page and beyond. Z does not take this back; single masks can be restored on their image.`,
  accept: "Accept (A)",
  reject: "Reject (X)",
  accepted: "Accepted",
  rejected: "Rejected",
  open: "Open in the annotation page",
  next: "Next images",
  fromStart: "From the start",
  noneTitle: "Nothing to review",
  noneText:
    "Masks wait here that a batch makes while the switch above is on, or its own “Masks wait for review”.",
  noneFilteredTitle: "No mask passes the filters",
  noneFilteredText: "Widen them to see the other masks that wait.",
  setting: "Masks of batches wait for review",
  maskName: (order: number, iou: number | null, stability: number | null) =>
    `Mask ${order}${iou === null ? "" : `, predicted IoU ${iou.toFixed(2)}`}${stability === null ? "" : `, stability ${stability.toFixed(2)}`}`,
  oneBatch: "One batch",
  everyBatch: "Every batch",
  saving: "Saving…",
  offline: "Offline: your decisions are sent when the server can be reached. Keep this page open until then.",
};
