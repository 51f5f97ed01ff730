import { expect, it } from "vitest";
import { measuredRows, setsOf } from "./evaluation";

const found = (difference: number, interval: [number, number] | null) => ({ difference, interval });
const PROMPTABLE = {
  images: 4,
  masks: 9,
  base: {
    miou: { "1": { most_confident: 0.5 }, "3": { most_confident: 0.62 } },
    noc: { "85": { clicks: 7 }, "90": { clicks: 9.5 } },
    calibration_error: { "1": 0.1 },
  },
  candidate: {
    miou: { "1": { most_confident: 0.531 }, "3": { most_confident: 0.61 } },
    noc: { "85": { clicks: 6 }, "90": { clicks: 8 } },
    calibration_error: { "1": 0.08 },
  },
  difference: {
    miou: {
      "1": { most_confident: found(0.031, [0.01, 0.05]) },
      "3": { most_confident: found(-0.01, [-0.03, 0.02]) },
    },
    noc: { "85": { clicks: found(-1, [-2, -0.5]) }, "90": { clicks: found(-1.5, [-2, -1]) } },
  },
};

it("a difference is coloured only where its interval leaves no doubt, and fewer clicks are better", () => {
  const [validation] = setsOf({ sets: { validation: PROMPTABLE, benchmark: null } });
  const rows = validation ? measuredRows(validation) : [];
  expect(rows.map(({ name, difference, better }) => [name, difference, better])).toEqual([
    ["mIoU, 1 click", "+3.1", true],
    ["mIoU, 3 clicks", "−1.0", undefined],
    ["Clicks to IoU 0.90", "−1.50 clicks", true],
    ["Calibration error, 1 click", "−2.0", undefined],
  ]);
  expect(rows[0]?.interval).toBe("+1.0 … +5.0");
});

it("the first detector of a model is shown without a base", () => {
  const detector = { images: 2, masks: 5, base: null, candidate: { ap: 0.2, ar100: 0.4 }, difference: null };
  const [set] = setsOf({ sets: { validation: detector } });
  expect(set && measuredRows(set).map(({ name, base, candidate }) => [name, base, candidate])).toEqual([
    ["AP", "–", "0.200"],
    ["AR, 100 boxes", "–", "0.400"],
  ]);
});

it("a run without an evaluation has no sets", () => {
  expect(setsOf(null)).toEqual([]);
});
