import { Link } from "react-router";
import type { Schemas } from "../../api/types";
import shared from "../batches/batches.module.css";
import { moment } from "../batches/words";
import { pointsText, shareText } from "../train/words";
import styles from "./report.module.css";
import { words } from "./words";

/** The same as numbers. */
export function RoundTable({ rounds }: { rounds: readonly Schemas["LoopRound"][] }) {
  const { columns } = words;
  return (
    <div className={`${shared.scroll} ${styles.rounds}`}>
      <table className={`${shared.table} numbers`} data-testid="rounds">
        <thead>
          <tr>
            <th>{columns.round}</th>
            <th>{columns.since}</th>
            {[columns.benchmark, columns.gain].map((name) => (
              <th key={name} className={shared.number}>
                {name}
              </th>
            ))}
            {[columns.clicks, columns.seconds].map((name) => (
              <th key={name} className={shared.number} title={words.perMask}>
                {name}
              </th>
            ))}
            {[columns.masks, columns.perImage, columns.accepted, columns.people, columns.machine].map(
              (name) => (
                <th key={name} className={shared.number}>
                  {name}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {rounds.map((round) => (
            <tr key={round.number}>
              <td>
                {round.number}{" "}
                {round.model_id && <Link to={`/models/${round.model_id}`}>{round.model_name}</Link>}
              </td>
              <td className="faint">{round.began_at ? moment(round.began_at) : words.start}</td>
              <td className={shared.number}>{text(round.benchmark?.miou["1"], shareText)}</td>
              <td className={shared.number}>{text(round.held_out?.gain["1"], pointsText)}</td>
              <td className={shared.number}>{text(round.clicks, (value) => value.toFixed(1))}</td>
              <td className={shared.number}>{text(round.seconds, (value) => value.toFixed(1))}</td>
              <td className={shared.number}>{round.masks.toLocaleString("en")}</td>
              <td className={shared.number}>{text(round.masks_per_image, (value) => value.toFixed(1))}</td>
              <td className={shared.number}>
                {text(round.accepted_share, (value) => `${(100 * value).toFixed(0)} %`)}
              </td>
              <td className={shared.number}>{words.hours(round.people_hours)}</td>
              <td className={shared.number}>{words.hours(round.machine_hours)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function text(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? "–" : format(value);
}
