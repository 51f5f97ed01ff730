import { useElementSize } from "@mantine/hooks";
import { type KeyboardEvent, type PointerEvent, useMemo, useState } from "react";
import { ChartTable } from "./ChartTable";
import styles from "./charts.module.css";
import { type Line, layOut, type Reference } from "./layout";
import { Tip } from "./Tip";

export type { Line, Reference } from "./layout";

interface LineChartProps {
  title: string;
  lines: readonly Line[];
  /** What a place on the horizontal axis is: "step", "round". */
  along: string;
  /** Instead of the number itself. */
  alongText?: (x: number) => string;
  /** At the axis, where there is little room. */
  tickText?: (x: number) => string;
  /** What is read off the vertical axis, with its unit. */
  unit?: string;
  /** Every x gets a tick, as with rounds; else round numbers. */
  discrete?: boolean;
  references?: readonly Reference[];
  /** Values that are in sight whatever the lines do. */
  include?: readonly number[];
  /** Where the axis ends at the right, as the number of steps there will be. */
  until?: number | null;
  height?: number;
  /** Said where there is nothing to draw yet. */
  nothing: string;
  /** How a value is written. */
  format: (value: number) => string;
}

/** Lines over steps or rounds, as SVG in the page's own style: read by pointer, by arrow keys and as a table. */
export function LineChart(props: LineChartProps) {
  const {
    title,
    lines,
    along,
    alongText = String,
    unit,
    references = [],
    height = 200,
    nothing,
    format,
  } = props;
  const { ref, width } = useElementSize();
  const { include, until, discrete, tickText = alongText } = props;
  const layout = useMemo(
    () => layOut(lines, references, { width, height, include, until, discrete }),
    [lines, references, width, height, include, until, discrete],
  );
  const [place, setPlace] = useState<number | null>(null);
  const at = layout && place !== null ? layout.xs[Math.min(place, layout.xs.length - 1)] : undefined;

  const point = (event: PointerEvent<SVGSVGElement>): void => {
    if (layout) setPlace(layout.nearest(event.clientX - event.currentTarget.getBoundingClientRect().left));
  };
  const step = (event: KeyboardEvent): void => {
    const last = (layout?.xs.length ?? 0) - 1;
    const moves: Record<string, number> = {
      ArrowLeft: (place ?? last + 1) - 1,
      ArrowRight: (place ?? -1) + 1,
    };
    const to = { ...moves, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setPlace(Math.min(Math.max(to, 0), last));
  };

  return (
    <figure className={`${styles.chart} numbers`}>
      <figcaption className={styles.title}>
        {title}
        <span className={styles.legend}>
          {lines.length > 1 &&
            lines.map((line) => (
              <span key={line.name} className={styles.key}>
                <svg width={14} height={8} aria-hidden>
                  <path
                    d="M1 4H13"
                    className={styles.line}
                    style={{ stroke: line.colour, strokeDasharray: line.dashed ? "3 3" : undefined }}
                  />
                </svg>
                {line.name}
              </span>
            ))}
          {unit && <span>{unit}</span>}
        </span>
      </figcaption>
      <div ref={ref} className={styles.plot}>
        {!layout ? (
          <div className={styles.nothing} style={{ height }}>
            {nothing}
          </div>
        ) : (
          <>
            <svg
              height={height}
              role="img"
              aria-label={layout.summary(title, along, alongText, format)}
              // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys read the values off it.
              tabIndex={0}
              onPointerMove={point}
              onPointerLeave={() => setPlace(null)}
              onKeyDown={step}
              onBlur={() => setPlace(null)}
            >
              {layout.rows.map(({ y, text }) => (
                <g key={text}>
                  <line className={styles.grid} x1={layout.left} x2={layout.right} y1={y} y2={y} />
                  <text className={styles.tick} x={layout.left - 8} y={y + 4} textAnchor="end">
                    {text}
                  </text>
                </g>
              ))}
              {layout.columns.map(({ x, value }) => (
                <text key={value} className={styles.tick} x={x} y={layout.bottom + 17} textAnchor="middle">
                  {discrete ? tickText(value) : value.toLocaleString("en")}
                </text>
              ))}
              {!discrete && (
                <text className={styles.axis} x={layout.right} y={layout.bottom + 32} textAnchor="end">
                  {along}
                </text>
              )}
              {layout.references.map(({ y, label }) => (
                <line
                  key={label}
                  className={styles.reference}
                  x1={layout.left}
                  x2={layout.right}
                  y1={y}
                  y2={y}
                />
              ))}
              {layout.drawn.map(({ line, path, raw, band, dots }) => (
                <g key={line.name} style={{ color: line.colour }}>
                  {band && <path d={band} className={styles.band} fill="currentColor" />}
                  {raw && <path d={raw} className={styles.raw} stroke="currentColor" />}
                  <path
                    d={path}
                    className={styles.line}
                    stroke="currentColor"
                    strokeDasharray={line.dashed ? "5 4" : undefined}
                  />
                  {dots.map(({ x, y }) => (
                    <circle key={x} className={styles.dot} cx={x} cy={y} r={4} fill="currentColor" />
                  ))}
                </g>
              ))}
              {layout.references.map(({ y, label }) => (
                <text key={label} className={styles.mark} x={layout.right} y={y - 5} textAnchor="end">
                  {label}
                </text>
              ))}
              {at !== undefined && (
                <line
                  className={styles.cursor}
                  x1={layout.x(at)}
                  x2={layout.x(at)}
                  y1={layout.top}
                  y2={layout.bottom}
                />
              )}
            </svg>
            {at !== undefined && (
              <Tip
                left={layout.x(at)}
                width={width}
                title={discrete ? alongText(at) : `${along} ${at.toLocaleString("en")}`}
                rows={lines.flatMap((line) => {
                  const found = line.points.find(({ x }) => x === at);
                  return found ? [{ name: line.name, colour: line.colour, value: format(found.y) }] : [];
                })}
              />
            )}
            {discrete && (
              <ChartTable title={title} along={along} alongText={alongText} lines={lines} format={format} />
            )}
          </>
        )}
      </div>
    </figure>
  );
}
