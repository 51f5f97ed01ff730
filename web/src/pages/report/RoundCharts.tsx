import { useMemo } from "react";
import type { Schemas } from "../../api/types";
import { lineColour } from "../../charts/colours";
import { type Line, LineChart, type Reference } from "../../charts/LineChart";
import shared from "../batches/batches.module.css";
import { pointsText, shareText } from "../train/words";
import styles from "./report.module.css";
import { words } from "./words";

type Round = Schemas["LoopRound"];

const CLICKS = ["1", "3", "5"] as const;

interface RoundChartsProps {
  rounds: readonly Round[];
  reference: Schemas["Reference"];
}

interface Chart {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  readonly references?: readonly Reference[];
  readonly include?: readonly number[];
}

/** One chart per question that the loop is asked; what nothing is known of is left out. */
export function RoundCharts({ rounds, reference }: RoundChartsProps) {
  const charts = useMemo(() => chartsOf(rounds, reference), [rounds, reference]);
  const name = (x: number): string =>
    words.roundName(x, rounds.find(({ number }) => number === x)?.model_name ?? null);
  return (
    <div className={styles.charts} data-testid="loop-charts">
      {charts
        .filter(({ lines }) => lines.some(({ points }) => points.length > 0))
        .map((chart) => (
          <section key={chart.title} className={shared.panel}>
            <LineChart
              {...chart}
              along={words.round}
              alongText={name}
              tickText={words.roundTick}
              discrete
              height={210}
              nothing={words.nothing}
            />
          </section>
        ))}
    </div>
  );
}

function chartsOf(rounds: readonly Round[], reference: Schemas["Reference"]): Chart[] {
  const line = (title: string, index: number, value: (round: Round) => number | null | undefined): Line => ({
    name: title,
    colour: lineColour(index),
    points: rounds.flatMap((round) => {
      const y = value(round);
      return y === null || y === undefined ? [] : [{ x: round.number, y }];
    }),
  });
  const byClicks = (value: (round: Round, clicks: string) => number | undefined): Line[] =>
    CLICKS.map((clicks, i) => line(words.after(clicks), i, (round) => value(round, clicks)));
  const marks = (values: readonly number[], labels: readonly string[]): Reference[] =>
    values.map((y, i) => ({ y, label: labels[i] ?? String(y) }));
  // Below an hour the table says minutes, and so does the axis.
  const short = rounds.every((round) => Math.max(round.people_hours, round.machine_hours) < 1);
  const perHour = short ? 60 : 1;
  return [
    {
      title: words.charts.benchmark,
      lines: byClicks(({ benchmark }, clicks) => benchmark?.miou[clicks]),
      format: shareText,
    },
    {
      title: words.charts.heldOut,
      lines: byClicks(({ held_out: heldOut }, clicks) => scaled(heldOut?.gain[clicks])),
      format: (value) => pointsText(value / 100),
      include: [0],
    },
    {
      title: words.charts.seconds,
      lines: [line(words.seconds, 0, (round) => round.seconds)],
      format: (value) => `${value.toFixed(1)} s`,
      references: marks(reference.seconds_per_mask ?? [], words.paperSeconds),
      include: [0],
    },
    {
      title: words.charts.masks,
      lines: [line(words.masks, 0, (round) => round.masks_per_image)],
      format: (value) => value.toFixed(1),
      references: marks(reference.masks_per_image ?? [], words.paperMasks),
      include: [0],
    },
    {
      title: words.charts.clicks,
      lines: [line(words.clicks, 0, (round) => round.clicks)],
      format: (value) => value.toFixed(1),
      include: [0],
    },
    {
      title: words.charts.accepted,
      lines: [line(words.accepted, 0, (round) => scaled(round.accepted_share ?? undefined))],
      format: (value) => `${value.toFixed(0)} %`,
      include: [0, 100],
    },
    {
      title: short ? words.charts.minutes : words.charts.hours,
      lines: [
        line(words.people, 0, (round) => round.people_hours * perHour),
        line(words.machine, 1, (round) => round.machine_hours * perHour),
      ],
      format: (value) => words.hours(value / perHour),
      include: [0],
    },
  ];
}

/** As hundredths. */
function scaled(share: number | undefined): number | undefined {
  return share === undefined ? undefined : 100 * share;
}
