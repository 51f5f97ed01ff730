/** A stored evaluation (`engine.flow.candidate` documents its JSON) as rows of a table. */

import { pointsText, shareText, words } from "./words";

interface Difference {
  readonly difference: number;
  readonly interval: readonly [number, number] | null;
}

type ByClicks<Value> = Readonly<Record<string, Value>>;

interface Figures {
  readonly miou?: ByClicks<{ most_confident: number }>;
  readonly noc?: ByClicks<{ clicks: number }>;
  readonly calibration_error?: ByClicks<number>;
  readonly [detector: string]: unknown;
}

interface Differences {
  readonly miou?: ByClicks<{ most_confident: Difference }>;
  readonly noc?: ByClicks<{ clicks: Difference }>;
  readonly [detector: string]: unknown;
}

export interface MeasuredSet {
  readonly name: string;
  readonly images: number;
  readonly masks: number;
  /** Null for the first detector of a model. */
  readonly base: Figures | null;
  readonly candidate: Figures;
  readonly difference: Differences | null;
}

export interface MeasuredRow {
  readonly name: string;
  readonly base: string;
  readonly candidate: string;
  readonly difference: string;
  readonly interval: string;
  /** Undefined where nothing is shown. */
  readonly better: boolean | undefined;
}

/** The sets that held a mask. */
export function setsOf(evaluation: unknown): MeasuredSet[] {
  const sets = (evaluation as { sets?: Record<string, Omit<MeasuredSet, "name"> | null> } | null)?.sets ?? {};
  return Object.entries(sets).flatMap(([name, set]) => (set ? [{ ...set, name }] : []));
}

export function measuredRows(set: MeasuredSet): MeasuredRow[] {
  const { base, candidate, difference } = set;
  if (!candidate.miou) return detectorRows(set);
  return [
    ...Object.entries(candidate.miou).map(([clicks, figure]) =>
      shareRow(
        words.miouAfter(clicks),
        base?.miou?.[clicks]?.most_confident,
        figure.most_confident,
        difference?.miou?.[clicks]?.most_confident,
      ),
    ),
    ...Object.entries(candidate.noc ?? {})
      .filter(atNinety)
      .map(([target, figure]): MeasuredRow => {
        const found = difference?.noc?.[target]?.clicks;
        return {
          name: words.noc((Number(target) / 100).toFixed(2)),
          base: base?.noc?.[target]?.clicks.toFixed(2) ?? "–",
          candidate: figure.clicks.toFixed(2),
          difference: found ? words.clicksMore(signed(found.difference)) : "–",
          interval: found?.interval ? found.interval.map(signed).join(" … ") : "–",
          better: betterOf(found, false),
        };
      }),
    ...Object.entries(candidate.calibration_error ?? {}).map(([clicks, error]): MeasuredRow => {
      const before = base?.calibration_error?.[clicks];
      return {
        name: words.calibration(clicks),
        base: before === undefined ? "–" : shareText(before),
        candidate: shareText(error),
        difference: before === undefined ? "–" : pointsText(error - before),
        interval: "–",
        better: undefined,
      };
    }),
  ];
}

/** The figure people compare; the other target says the same again. */
function atNinety([target]: [string, unknown]): boolean {
  return target === "90";
}

function detectorRows({ base, candidate, difference }: MeasuredSet): MeasuredRow[] {
  return Object.entries(words.detectorFigures).flatMap(([name, title]) => {
    const [before, after] = [base?.[name], candidate[name]];
    if (typeof after !== "number") return [];
    const found = difference?.[name] as Difference | undefined;
    return [shareRow(title, typeof before === "number" ? before : undefined, after, found)];
  });
}

function shareRow(
  name: string,
  before: number | undefined,
  after: number,
  found: Difference | undefined,
): MeasuredRow {
  return {
    name,
    base: before === undefined ? "–" : shareText(before),
    candidate: shareText(after),
    difference: found ? pointsText(found.difference) : "–",
    interval: found?.interval ? found.interval.map(pointsText).join(" … ") : "–",
    better: betterOf(found, true),
  };
}

function betterOf(found: Difference | undefined, moreIsBetter: boolean): boolean | undefined {
  if (!found?.interval) return undefined;
  const [low, high] = found.interval;
  if (low <= 0 && high >= 0) return undefined;
  return low > 0 === moreIsBetter;
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}
