import { Link } from "react-router";
import shared from "../batches/batches.module.css";
import { moment } from "../batches/words";
import train from "../train/train.module.css";
import { pointsText, shareText } from "../train/words";
import { grown } from "./lineage";
import styles from "./models.module.css";
import { type RegistryModel, words } from "./words";

/** Models below the ones they were trained from, with what is known of each. */
export function ModelTree({ models }: { models: readonly RegistryModel[] }) {
  const tree = grown(models);
  return (
    <div className={shared.scroll}>
      <table className={`${shared.table} numbers`} data-testid="models">
        <thead>
          <tr>
            <th>{words.columns.model}</th>
            <th>{words.columns.data}</th>
            {(["1", "3", "5"] as const).map((clicks) => (
              <th key={clicks} className={`${shared.number} ${clicks === "1" ? "" : styles.optional}`}>
                {words.columns.miou(clicks)}
              </th>
            ))}
            <th className={`${shared.number} ${styles.optional}`} title={words.nocWhy}>
              {words.columns.noc}
            </th>
            <th className={shared.number} title={words.gainWhy}>
              {words.columns.gain}
            </th>
            <th className={styles.optional}>{words.columns.live}</th>
          </tr>
        </thead>
        <tbody>
          {tree.map(({ model, depth }) => (
            <ModelRow key={model.id} model={model} depth={depth} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ModelRow({ model, depth }: { model: RegistryModel; depth: number }) {
  const { benchmark, validation } = model.figures;
  const gain = validation?.gain["1"];
  const miou = (clicks: string): string => {
    const found = benchmark?.miou[clicks];
    return found === undefined ? "–" : shareText(found);
  };
  return (
    <tr data-testid="model-row" data-state={model.state}>
      <td>
        <div className={styles.tree} style={{ paddingLeft: Math.max(0, depth - 1) * 22 }}>
          {depth > 0 && <span className={styles.branch} aria-hidden />}
          <Link to={`/models/${model.id}`} className={styles.name}>
            {model.name}
          </Link>
          <StateBadge state={model.state} />
          {model.kind === "detector" && <span className={train.sub}>{words.kinds.detector}</span>}
        </div>
      </td>
      <td className="faint">{model.trained_masks === null ? "–" : words.masks(model.trained_masks)}</td>
      {model.kind === "detector" ? (
        <td className={shared.number}>
          {benchmark?.average_precision == null ? "–" : `AP ${shareText(benchmark.average_precision)}`}
        </td>
      ) : (
        <td className={shared.number}>{miou("1")}</td>
      )}
      <td className={`${shared.number} ${styles.optional}`}>{miou("3")}</td>
      <td className={`${shared.number} ${styles.optional}`}>{miou("5")}</td>
      <td className={`${shared.number} ${styles.optional}`}>{benchmark?.noc90?.toFixed(1) ?? "–"}</td>
      <td className={shared.number} title={words.gainWhy}>
        {gain === undefined ? "–" : pointsText(gain)}
      </td>
      <td className={`faint ${styles.optional}`}>{model.live_from ? moment(model.live_from) : "–"}</td>
    </tr>
  );
}

export function StateBadge({ state }: { state: RegistryModel["state"] }) {
  return (
    <span className={train.state} data-state={state}>
      {words.states[state]}
    </span>
  );
}
