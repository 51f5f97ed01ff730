import { Title } from "@mantine/core";
import shared from "../batches/batches.module.css";
import { moment } from "../batches/words";
import { type Run, words } from "./words";

/** How the run was asked for. */
export function RunFacts({ run }: { run: Run }) {
  const facts: [string, string][] = [
    [words.facts.kind, words.kinds[run.kind]],
    [words.facts.base, run.base_model_name],
    [words.facts.snapshot, words.snapshotFact(run.snapshot_number)],
    [words.facts.newOnly, run.new_masks_only ? words.newOnly : words.allMasks],
    ...(run.kind === "promptable"
      ? ([[words.facts.replay, words.replayed(run.replay_snapshot_ids.length, run.replay_scenes)]] as [
          string,
          string,
        ][])
      : []),
    [words.facts.started, moment(run.created_at)],
    [words.facts.by, run.schedule_id ? words.bySchedule : (run.created_by_name ?? "–")],
    ...(run.attempts > 1 ? ([[words.facts.attempts, String(run.attempts)]] as [string, string][]) : []),
    [words.facts.recipe, run.recipe],
    ...Object.entries(run.overrides).map(([name, value]): [string, string] => [
      name,
      typeof value === "object" ? JSON.stringify(value) : String(value),
    ]),
  ];
  return (
    <section className={`${shared.panel} numbers`} aria-label={words.settings}>
      <Title order={2} size="h6">
        {words.settings}
      </Title>
      <dl className={shared.facts}>
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
