import { Anchor, Button, Modal, Skeleton, Title } from "@mantine/core";
import { IconDownload, IconFileText } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import type { Schemas } from "../../api/types";
import { Frame } from "../../components/Frame";
import { QueryProblem, takesPlace } from "../../components/QueryProblem";
import shared from "../batches/batches.module.css";
import { duration, moment } from "../batches/words";
import { setsOf } from "../train/evaluation";
import { Measured } from "../train/Measured";
import { BenchmarkFigures } from "./BenchmarkFigures";
import { Lineage } from "./Lineage";
import { DeleteButton, PromoteButton, RollBackButton } from "./ModelActions";
import { StateBadge } from "./ModelTree";
import styles from "./models.module.css";
import { cardQuery, modelQuery } from "./queries";
import { words } from "./words";

type Detail = Schemas["ModelDetail"];

/** One model: where it came from, what it was trained on, how good it is, and what can be done with it. */
export function ModelPage() {
  const { modelId = "" } = useParams();
  const detail = useQuery(modelQuery(modelId));
  return (
    <Frame>
      {takesPlace(detail) ? (
        <QueryProblem error={detail.error} retry={detail.refetch} />
      ) : detail.data ? (
        <Shown key={modelId} detail={detail.data} />
      ) : (
        <Skeleton height={320} />
      )}
    </Frame>
  );
}

function Shown({ detail }: { detail: Detail }) {
  const { model } = detail;
  const navigate = useNavigate();
  const [cardOpen, setCardOpen] = useState(false);
  const reasons = (detail.verdict as { passed: boolean; reasons: string[] } | null) ?? null;
  return (
    <>
      <div className={shared.bar}>
        <div className={shared.heading}>
          <Anchor component={Link} to="/models" size="xs" c="dimmed">
            {words.goesBack}
          </Anchor>
          <Title order={1} size="h3">
            {model.name} <StateBadge state={model.state} />
          </Title>
        </div>
        <Button variant="default" leftSection={<IconFileText size={16} />} onClick={() => setCardOpen(true)}>
          {words.card}
        </Button>
        <Button
          component="a"
          href={`/api/v1/models/${model.id}/weights`}
          download
          variant="default"
          leftSection={<IconDownload size={16} />}
        >
          {words.weights}
        </Button>
        <DeleteButton model={model} neededBy={detail.needed_by} onDeleted={() => void navigate("/models")} />
        {model.state === "live" ? (
          model.kind === "promptable" && <RollBackButton />
        ) : (
          <PromoteButton
            model={model}
            refusal={reasons && !reasons.passed ? (reasons.reasons[0] ?? "") : null}
          />
        )}
      </div>
      <div className={shared.columns}>
        <div>
          <Lineage detail={detail} />
          <section className={shared.panel}>
            <Title order={2} size="h6">
              {detail.evaluation ? words.evaluation : words.measured}
            </Title>
            {detail.evaluation ? (
              setsOf(detail.evaluation).map((set) => <Measured key={set.name} set={set} />)
            ) : (
              <BenchmarkFigures model={model} />
            )}
          </section>
          <Promotions promotions={detail.promotions} />
        </div>
        <About detail={detail} />
      </div>
      {cardOpen && <Card model={model} onClose={() => setCardOpen(false)} />}
    </>
  );
}

function Promotions({ promotions }: Pick<Detail, "promotions">) {
  return (
    <section className={shared.panel} data-testid="promotions">
      <Title order={2} size="h6">
        {words.promotions}
      </Title>
      {promotions.length === 0 ? (
        <p className={shared.hint}>{words.never}</p>
      ) : (
        <ul className={`${styles.children} numbers`}>
          {promotions.map((promotion) => (
            <li key={promotion.at}>
              {moment(promotion.at)}{" "}
              <span className="faint">
                {words.reasons[promotion.reason] ?? promotion.reason}
                {promotion.by_name && `, ${promotion.by_name}`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function About({ detail }: { detail: Detail }) {
  const { model } = detail;
  const facts: [string, string | null][] = [
    [words.facts.kind, words.kinds[model.kind]],
    [words.facts.arch, model.arch],
    [words.facts.parameters, detail.parameters?.toLocaleString("en") ?? null],
    [words.facts.size, detail.bytes === null ? null : words.megabytes(detail.bytes)],
    [words.facts.origin, detail.origin_file],
    [
      words.facts.data,
      model.snapshot_number === null ? null : words.snapshot(model.trained_masks, model.snapshot_number),
    ],
    [words.facts.recipe, detail.recipe],
    [words.facts.steps, detail.steps?.toLocaleString("en") ?? null],
    [words.facts.machine, detail.machine_seconds ? duration(detail.machine_seconds) : null],
    [words.facts.made, moment(model.created_at)],
    ...Object.entries(detail.overrides ?? {}).map(([name, value]): [string, string] => [
      name,
      typeof value === "object" ? JSON.stringify(value) : String(value),
    ]),
  ];
  return (
    <section className={`${shared.panel} numbers`} aria-label={words.about}>
      <Title order={2} size="h6">
        {words.about}
      </Title>
      <dl className={shared.facts}>
        {facts.map(
          ([name, value]) =>
            value !== null && (
              <div key={name} style={{ display: "contents" }}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
        <dt>{words.facts.hash}</dt>
        <dd className={styles.hash}>{model.weights_sha256.slice(0, 16)}…</dd>
      </dl>
    </section>
  );
}

function Card({ model, onClose }: { model: Detail["model"]; onClose: () => void }) {
  const card = useQuery(cardQuery(model.id));
  return (
    <Modal opened onClose={onClose} title={words.card} size={720}>
      {card.data ? <pre className={styles.card}>{card.data}</pre> : <Skeleton height={240} />}
    </Modal>
  );
}
