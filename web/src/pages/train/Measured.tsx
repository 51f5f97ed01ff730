import { type MeasuredSet, measuredRows } from "./evaluation";
import styles from "./train.module.css";
import { words } from "./words";

/** Base and candidate on one set, figure by figure. */
export function Measured({ set }: { set: MeasuredSet }) {
  return (
    <table className={`${styles.measured} numbers`}>
      <caption>
        <strong>{words.sets[set.name] ?? set.name}</strong>{" "}
        <span className="faint">{words.setSize(set.images, set.masks)}</span>
      </caption>
      <thead>
        <tr>
          <th scope="col">{words.figure}</th>
          <th scope="col">{words.base}</th>
          <th scope="col">{words.candidate}</th>
          <th scope="col">{words.difference}</th>
          <th scope="col" className={styles.optional}>
            {words.interval}
          </th>
        </tr>
      </thead>
      <tbody>
        {measuredRows(set).map((row) => (
          <tr key={row.name}>
            <th scope="row">{row.name}</th>
            <td>{row.base}</td>
            <td>{row.candidate}</td>
            <td data-better={row.better}>{row.difference}</td>
            <td className={`faint ${styles.optional}`}>{row.interval}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
