/** What the loop's report says. */

const plural = (count: number, one: string): string =>
  `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;

export const words = {
  loop: "Loop",
  intro:
    "A round is the time for which one model was live: with it people annotated, and its runs made the next one. The dotted lines are the figures of the paper (Segment Anything, section 4).",
  round: "round",
  roundTick: (number: number) => `round ${number}`,
  roundName: (number: number, model: string | null) => (model ? `${number} · ${model}` : String(number)),
  charts: {
    benchmark: "mIoU on the benchmark",
    heldOut: "Gain on held-out images",
    clicks: "Clicks per mask",
    seconds: "Active seconds per mask",
    masks: "Masks per image",
    accepted: "Prefilled masks accepted",
    hours: "Hours",
    minutes: "Minutes",
  },
  after: (clicks: string) => `${clicks} click${clicks === "1" ? "" : "s"}`,
  people: "people",
  machine: "machine",
  clicks: "clicks",
  seconds: "seconds",
  masks: "masks",
  accepted: "accepted",
  paperSeconds: ["paper: 34 s at first", "paper: 14 s after six rounds"],
  paperMasks: ["paper: 20 at first", "paper: 44 after stage one", "paper: 72 after stage two"],
  nothing: "Nothing to show yet.",
  emptyTitle: "No round yet",
  emptyText:
    "The report begins with the first masks that people make here, and grows with every model that goes live.",
  columns: {
    round: "Round",
    since: "Since",
    benchmark: "Benchmark mIoU, 1 click",
    gain: "Held-out gain, points",
    clicks: "Clicks",
    seconds: "Seconds",
    masks: "Masks",
    perImage: "Per image",
    accepted: "Accepted",
    people: "People",
    machine: "Machine",
  },
  perMask: "Per mask that a person made",
  start: "the start",
  hours: (hours: number) =>
    hours > 0 && hours < 1 / 60
      ? "under 1 min"
      : hours < 1
        ? `${Math.round(hours * 60)} min`
        : `${hours.toFixed(1)} h`,
  contribution: (masks: number, model: string, points: string) =>
    `Your ${plural(masks, "mask")} went into ${model}: 1-click IoU ${points} points`,
  contributionPlain: (masks: number, model: string) => `Your ${plural(masks, "mask")} went into ${model}`,
};
