/** From values to places on a chart, and the round numbers beside it. */

export type Domain = readonly [low: number, high: number];

/** Maps `domain` linearly onto `range`; a domain without extent lands in the middle. */
export function linear([low, high]: Domain, [from, to]: Domain): (value: number) => number {
  const extent = high - low;
  return (value) => (extent === 0 ? (from + to) / 2 : from + ((value - low) / extent) * (to - from));
}

/** The smallest and largest of some numbers; null without any that is finite. */
export function extentOf(values: Iterable<number>): Domain | null {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : null;
}

/** About `count` round numbers (1, 2 or 5 times a power of ten apart) from at or below `low` to at or above `high`. */
export function ticks([low, high]: Domain, count: number): number[] {
  const extent = high > low ? high - low : Math.abs(low) || 1;
  const rough = extent / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  // Multiples of the step, not sums of it: 0.3 stays 0.3.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** As many digits as tell two neighbouring ticks apart. */
export function tickText(value: number, all: readonly number[]): string {
  const step = Math.abs((all[1] ?? 1) - (all[0] ?? 0)) || 1;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** An exponential moving average over the points before; `memory` from 0 (as it is) to below 1. */
export function smoothed(values: readonly number[], memory: number): number[] {
  let mean = 0;
  let weight = 0;
  return values.map((value) => {
    mean = memory * mean + (1 - memory) * value;
    weight = memory * weight + (1 - memory);
    return mean / weight;
  });
}
