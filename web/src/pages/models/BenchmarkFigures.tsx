import shared from "../batches/batches.module.css";
import { shareText, words as trainWords } from "../train/words";
import { type RegistryModel, words } from "./words";

/** What runs measured of a model on the benchmark as the base of their candidates: no run of its own made it. */
export function BenchmarkFigures({ model }: { model: RegistryModel }) {
  const { benchmark } = model.figures;
  if (!benchmark) return <p className={shared.hint}>{words.noEvaluation}</p>;
  return (
    <>
      <p className={shared.hint}>{words.measuredAsBase}</p>
      <dl className={`${shared.facts} numbers`}>
        {Object.entries(benchmark.miou).map(([clicks, miou]) => (
          <div key={clicks} style={{ display: "contents" }}>
            <dt>{words.columns.miou(clicks)}</dt>
            <dd>{shareText(miou)}</dd>
          </div>
        ))}
        {benchmark.noc90 !== null && (
          <>
            <dt>{trainWords.noc("0.90")}</dt>
            <dd>{benchmark.noc90.toFixed(1)}</dd>
          </>
        )}
      </dl>
    </>
  );
}
