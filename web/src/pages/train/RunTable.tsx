import { Progress } from "@mantine/core";
import { Link } from "react-router";
import shared from "../batches/batches.module.css";
import { duration, moment } from "../batches/words";
import { RunState, VerdictBadge, verdictOf } from "./RunState";
import styles from "./train.module.css";
import { type Run, words } from "./words";

/** Runs, the newest first. */
export function RunTable({ runs }: { runs: Run[] }) {
  return (
    <table className={`${shared.table} numbers`} data-testid="runs">
      <thead>
        <tr>
          <th>{words.columns.run}</th>
          <th>{words.columns.base}</th>
          <th className={`${shared.number} ${styles.optional}`} title={words.masksSplitWhy}>
            {words.columns.data}
          </th>
          <th className={shared.wide}>{words.columns.progress}</th>
          <th>{words.columns.verdict}</th>
          <th className={`${shared.number} ${styles.optional}`}>{words.columns.time}</th>
          <th>{words.columns.started}</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.id}>
            <td>
              <Link to={run.id} className={styles.title}>
                {words.runTitle(run)}
              </Link>
              <RunState run={run} />
              {run.kind === "detector" && <div className={styles.sub}>{words.kinds.detector}</div>}
            </td>
            <td className="faint">{run.base_model_name}</td>
            <td className={`${shared.number} ${styles.optional}`} title={words.masksSplitWhy}>
              {words.masksSplit(run.counts.train.masks, run.counts.validation.masks)}
            </td>
            <td>
              <RunBar run={run} />
              <span className={shared.under}>{words.stepsOf(run.step, run.steps)}</span>
            </td>
            <td>
              <VerdictBadge verdict={verdictOf(run)} />
            </td>
            <td className={`${shared.number} faint ${styles.optional}`}>
              {run.machine_seconds > 0 ? duration(run.machine_seconds) : "–"}
            </td>
            <td className="faint">{moment(run.created_at)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Steps done of those there are. */
export function RunBar({ run, size = 6 }: { run: Pick<Run, "step" | "steps" | "state">; size?: number }) {
  const share = run.steps ? (100 * run.step) / run.steps : 0;
  return (
    <Progress
      size={size}
      radius="xs"
      value={share}
      color={run.state === "failed" ? "red" : "azure"}
      transitionDuration={200}
      aria-label={words.stepsOf(run.step, run.steps)}
    />
  );
}
