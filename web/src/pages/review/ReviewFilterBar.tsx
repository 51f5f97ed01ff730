import { Button, RangeSlider } from "@mantine/core";
import { useState } from "react";
import type { ReviewFilters } from "./queries";
import styles from "./review.module.css";
import { words } from "./words";

interface ReviewFilterBarProps {
  filters: ReviewFilters;
  /** Where nothing waits that could be filtered. */
  disabled: boolean;
  onChange: (filters: ReviewFilters) => void;
}

/** Which masks are shown, by what the model said of them and by their size. */
export function ReviewFilterBar({ filters, disabled, onChange }: ReviewFilterBarProps) {
  return (
    <div className={styles.filters}>
      <Range
        disabled={disabled}
        name={words.predictedIou}
        least={filters.min_predicted_iou ?? null}
        most={filters.max_predicted_iou ?? null}
        onChange={(min_predicted_iou, max_predicted_iou) =>
          onChange({ ...filters, min_predicted_iou, max_predicted_iou })
        }
      />
      <Range
        disabled={disabled}
        name={words.stability}
        least={filters.min_stability ?? null}
        most={filters.max_stability ?? null}
        onChange={(min_stability, max_stability) => onChange({ ...filters, min_stability, max_stability })}
      />
      <Range
        disabled={disabled}
        name={words.size}
        shown={(low, high) => words.sizeOf(coverage(low), coverage(high))}
        least={filters.min_size ?? null}
        most={filters.max_size ?? null}
        onChange={(min_size, max_size) => onChange({ ...filters, min_size, max_size })}
      />
      <Button
        variant="subtle"
        size="compact-sm"
        disabled={!isNarrowed(filters)}
        onClick={() => onChange({ batch_id: filters.batch_id ?? null })}
      >
        {words.clear}
      </Button>
    </div>
  );
}

/** Whether any bound is set, the batch aside. */
export function isNarrowed({ batch_id: _, ...ranges }: ReviewFilters): boolean {
  return Object.values(ranges).some((bound) => typeof bound === "number");
}

interface RangeProps {
  disabled: boolean;
  name: string;
  shown?: (low: number, high: number) => string;
  least: number | null;
  most: number | null;
  onChange: (least: number | null, most: number | null) => void;
}

/** From 0 to 1; the ends of the scale mean no bound. */
function Range({ disabled, name, shown = plain, least, most, onChange }: RangeProps) {
  const [moving, setMoving] = useState<[number, number] | null>(null);
  const [low, high] = moving ?? [least ?? 0, most ?? 1];
  return (
    <div className={styles.range}>
      <span className="numbers">
        {name} <span className="faint">{shown(low, high)}</span>
      </span>
      <RangeSlider
        size="sm"
        disabled={disabled}
        min={0}
        max={1}
        step={0.01}
        minRange={0}
        label={null}
        value={[low, high]}
        thumbFromLabel={`${name}: at least`}
        thumbToLabel={`${name}: at most`}
        onChange={setMoving}
        onChangeEnd={([from, to]) => {
          setMoving(null);
          onChange(from > 0 ? from : null, to < 1 ? to : null);
        }}
      />
    </div>
  );
}

function plain(low: number, high: number): string {
  return `${low.toFixed(2)} – ${high.toFixed(2)}`;
}

/** Sizes are sides, as in the paper: the square root of the covered part. People think in parts. */
function coverage(side: number): string {
  const percent = 100 * side ** 2;
  return `${percent < 10 && percent > 0 ? percent.toPrecision(2) : Math.round(percent)} %`;
}
