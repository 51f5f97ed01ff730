import { useMemo } from "react";
import type { Schemas } from "../../api/types";
import { lineColour } from "../../charts/colours";
import { type Line, LineChart } from "../../charts/LineChart";
import shared from "../batches/batches.module.css";
import styles from "./train.module.css";
import { shareText, words } from "./words";

type Point = Schemas["CurvePoint"];

/** Single batches scatter: the line is their moving average. */
const SMOOTHING = 0.85;

export function lossOf({ values }: Point): number | undefined {
  return typeof values.loss === "number" ? values.loss : undefined;
}

/** After one prompt, two …, of the batch of that step. */
export function iouOf({ values }: Point): number[] {
  return Array.isArray(values.iou) ? values.iou.filter((value) => typeof value === "number") : [];
}

/** Loss and IoU by step, growing while it trains. */
export function RunCurves({ detail: { run, points } }: { detail: Schemas["RetrainDetail"] }) {
  const loss = useMemo(() => [lineOf(words.lossCurve, 0, points, lossOf)], [points]);
  const rounds = Math.max(0, ...points.map((point) => iouOf(point).length));
  const iou = useMemo(() => {
    const shown = [...new Set([0, rounds - 1])].filter((round) => round >= 0 && round < rounds);
    return shown.map((round, i) =>
      lineOf(words.iouAfter(round + 1), i, points, (point) => iouOf(point)[round]),
    );
  }, [points, rounds]);
  const under = run.state === "queued" || run.state === "running" ? run.state : "other";
  const common = { along: words.step, until: run.steps, nothing: words.noCurve[under] };
  return (
    <section className={`${shared.panel} ${styles.charts}`} data-testid="curves" data-points={points.length}>
      <LineChart title={words.lossCurve} lines={loss} format={(value) => value.toPrecision(3)} {...common} />
      {run.kind === "promptable" && (
        <LineChart title={words.iouCurve} lines={iou} format={shareText} {...common} />
      )}
    </section>
  );
}

function lineOf(
  name: string,
  index: number,
  points: readonly Point[],
  value: (point: Point) => number | undefined,
): Line {
  return {
    name,
    colour: lineColour(index),
    smoothing: points.length > 8 ? SMOOTHING : 0,
    points: points.flatMap((point) => {
      const y = value(point);
      return y === undefined ? [] : [{ x: point.step + 1, y }];
    }),
  };
}
