import { Skeleton, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { lineColour } from "../../charts/colours";
import { type Line, LineChart } from "../../charts/LineChart";
import { Frame } from "../../components/Frame";
import { QueryProblem, takesPlace } from "../../components/QueryProblem";
import shared from "../batches/batches.module.css";
import { shareText } from "../train/words";
import { RollBackButton } from "./ModelActions";
import { ModelTree } from "./ModelTree";
import styles from "./models.module.css";
import { registryQuery } from "./queries";
import { type RegistryModel, words } from "./words";

const CLICKS = ["1", "3", "5"] as const;

/** The registry: every model where it came from, how good it is, and which one is live. */
export function ModelsPage() {
  const models = useQuery(registryQuery());
  return (
    <Frame>
      <div className={shared.bar}>
        <div className={shared.heading}>
          <Title order={1} size="h3">
            {words.models}
          </Title>
        </div>
        <RollBackButton />
      </div>
      <p className={styles.intro}>{words.subtitle}</p>
      {takesPlace(models) ? (
        <QueryProblem error={models.error} retry={models.refetch} />
      ) : !models.data ? (
        <Skeleton height={220} />
      ) : (
        <>
          <FiguresOverTime models={models.data} />
          <ModelTree models={models.data} />
        </>
      )}
    </Frame>
  );
}

/** The benchmark is the same for all, so its figures can be followed from model to model. */
function FiguresOverTime({ models }: { models: readonly RegistryModel[] }) {
  const measured = useMemo(
    () =>
      models
        .filter(({ kind, figures }) => kind === "promptable" && figures.benchmark)
        .sort((a, b) => a.created_at.localeCompare(b.created_at)),
    [models],
  );
  const lines = useMemo(
    () =>
      CLICKS.map(
        (clicks, i): Line => ({
          name: words.columns.clicks(clicks),
          colour: lineColour(i),
          points: measured.flatMap(({ figures }, x) => {
            const y = figures.benchmark?.miou[clicks];
            return y === undefined ? [] : [{ x, y }];
          }),
        }),
      ),
    [measured],
  );
  if (measured.length < 2) return null;
  return (
    <section className={shared.panel}>
      <LineChart
        title={words.chart}
        lines={lines}
        along={words.columns.model}
        alongText={(x) => measured[x]?.name ?? ""}
        tickText={(x) => versionOf(measured[x]?.name ?? "")}
        discrete
        nothing={words.chartNothing}
        format={shareText}
      />
    </section>
  );
}

/** What tells one model of a loop from the next: v3 of “Old town facades v3”. */
function versionOf(name: string): string {
  return name.split(" ").at(-1) ?? name;
}
