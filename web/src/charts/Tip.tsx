import styles from "./charts.module.css";

interface TipProps {
  left: number;
  /** Of the chart: past its middle the tip stands on the other side. */
  width: number;
  title: string;
  rows: readonly { name: string; colour: string; value: string }[];
}

/** The values at one place of a chart. */
export function Tip({ left, width, title, rows }: TipProps) {
  const side = left > width / 2 ? { right: width - left + 10 } : { left: left + 10 };
  return (
    <div className={styles.tip} style={side} role="status">
      <div className="faint">{title}</div>
      <dl>
        {rows.map(({ name, colour, value }) => (
          <div key={name} style={{ display: "contents" }}>
            <dt style={{ color: colour }}>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
