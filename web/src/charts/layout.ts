/** Where everything of a line chart lies, in CSS pixels of its SVG. */

import { type Domain, extentOf, linear, smoothed, ticks, tickText } from "./scale";

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Of a confidence interval. */
  readonly low?: number | null;
  readonly high?: number | null;
}

export interface Line {
  readonly name: string;
  readonly colour: string;
  /** By x, ascending. */
  readonly points: readonly Point[];
  readonly dashed?: boolean;
  /** How much of the past goes into the line, from 0 to below 1; what was measured is drawn faintly below it. */
  readonly smoothing?: number;
}

/** A value from elsewhere to compare with. */
export interface Reference {
  readonly y: number;
  readonly label: string;
}

interface Options {
  readonly width: number;
  readonly height: number;
  readonly include?: readonly number[] | undefined;
  readonly until?: number | null | undefined;
  readonly discrete?: boolean | undefined;
}

interface Place {
  readonly x: number;
  readonly y: number;
}

export interface Drawn {
  readonly line: Line;
  readonly path: string;
  readonly raw: string | null;
  readonly band: string | null;
  /** Points that are marked: all of a few as measured, else the last. */
  readonly dots: readonly Place[];
}

const MARGIN = { top: 14, right: 14, bottom: 38, bottomDiscrete: 24, digit: 7, gap: 16 };
/** More points than this are a curve, not marks. */
const MARKED = 24;

/** Null where there is nothing to draw, or no room. */
export function layOut(lines: readonly Line[], references: readonly Reference[], options: Options) {
  const { width, height, include = [], until, discrete } = options;
  const points = lines.flatMap((line) => line.points);
  const xExtent = extentOf(points.map(({ x }) => x));
  const yExtent = extentOf([
    ...points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]),
    ...references.map(({ y }) => y),
    ...include,
  ]);
  if (!xExtent || !yExtent || width === 0) return null;
  const values = ticks(yExtent, Math.max(2, Math.round(height / 52)));
  const texts = values.map((value) => tickText(value, values));
  const left = MARGIN.gap + MARGIN.digit * Math.max(...texts.map((text) => text.length));
  const [right, top, bottom] = [
    width - MARGIN.right,
    MARGIN.top,
    height - (discrete ? MARGIN.bottomDiscrete : MARGIN.bottom),
  ];
  const inset = discrete ? Math.min(40, (right - left) / 8) : 0;
  const xDomain: Domain = [xExtent[0], Math.max(xExtent[1], until ?? xExtent[1])];
  const x = linear(xDomain, [left + inset, right - inset]);
  const y = linear([values[0] ?? 0, values.at(-1) ?? 1], [bottom, top]);
  const xs = [...new Set(points.map((point) => point.x))].sort((a, b) => a - b);
  const columns = (
    discrete ? thinned(xs, Math.floor((right - left) / 56)) : ticks(xDomain, (right - left) / 90)
  )
    // Steps and rounds are counted: there is none between two.
    .filter((value) => Number.isInteger(value) && value <= xDomain[1] && value >= xDomain[0])
    .map((value) => ({ x: x(value), value }));
  const pathOf = (places: readonly Place[]): string =>
    places.map((place, i) => `${i ? "L" : "M"}${place.x.toFixed(1)} ${place.y.toFixed(1)}`).join("");
  const drawn = lines.map((line): Drawn => {
    const found = line.points.filter((point) => Number.isFinite(point.y));
    const measured = found.map((point) => ({ x: x(point.x), y: y(point.y) }));
    const memory = line.smoothing ?? 0;
    const smooth = smoothed(
      found.map((point) => point.y),
      memory,
    );
    const places = measured.map((place, i) => ({ x: place.x, y: y(smooth[i] ?? 0) }));
    const bounded = found.filter(({ low, high }) => low != null && high != null);
    const upper = bounded.map((point) => ({ x: x(point.x), y: y(point.high ?? point.y) }));
    const lower = bounded.map((point) => ({ x: x(point.x), y: y(point.low ?? point.y) }));
    return {
      line,
      path: pathOf(places),
      raw: memory > 0 ? pathOf(measured) : null,
      band: bounded.length > 1 ? `${pathOf([...upper, ...lower.reverse()])}Z` : null,
      dots: memory === 0 && places.length <= MARKED ? places : places.slice(-1),
    };
  });
  return {
    left,
    right,
    top,
    bottom,
    x,
    xs,
    rows: values.map((value, i) => ({ y: y(value), text: texts[i] ?? "" })),
    columns,
    references: references.map(({ y: value, label }) => ({ y: y(value), label })),
    drawn,
    /** The index in `xs` of what is nearest to a place on the screen. */
    nearest: (screenX: number): number => nearestOf(xs.map(x), screenX),
    /** What a chart says in a sentence. */
    summary: (
      title: string,
      along: string,
      alongText: (x: number) => string,
      format: (value: number) => string,
    ): string =>
      `${title}. ${lines
        .flatMap(({ name, points: own }) => {
          const [first, last] = [own[0], own.at(-1)];
          return first && last
            ? [
                `${name}: ${format(first.y)} at ${along} ${alongText(first.x)}, ${format(last.y)} at ${alongText(last.x)}.`,
              ]
            : [];
        })
        .join(" ")}`,
  };
}

function nearestOf(places: readonly number[], wanted: number): number {
  let best = 0;
  for (const [i, place] of places.entries()) {
    if (Math.abs(place - wanted) < Math.abs((places[best] ?? Infinity) - wanted)) best = i;
  }
  return best;
}

/** Evenly so many at most, the first among them. */
function thinned(values: readonly number[], most: number): number[] {
  const every = Math.max(1, Math.ceil(values.length / Math.max(most, 1)));
  return values.filter((_, i) => i % every === 0);
}
