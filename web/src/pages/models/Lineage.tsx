import { Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Fragment } from "react";
import { Link } from "react-router";
import type { Schemas } from "../../api/types";
import shared from "../batches/batches.module.css";
import { StateBadge } from "./ModelTree";
import styles from "./models.module.css";
import { registryQuery } from "./queries";
import { words } from "./words";

/** From the first ancestor to this model, and what was trained from it. */
export function Lineage({ detail }: { detail: Schemas["ModelDetail"] }) {
  const models = useQuery(registryQuery()).data ?? [];
  const find = (id: string) => models.find((model) => model.id === id);
  const ancestors = detail.ancestors.toReversed().flatMap((id) => find(id) ?? []);
  const children = detail.children.flatMap((id) => find(id) ?? []);
  return (
    <section className={shared.panel} data-testid="lineage">
      <Title order={2} size="h6">
        {words.lineage}
      </Title>
      <div className={styles.lineage}>
        {ancestors.map((model) => (
          <Fragment key={model.id}>
            <Link to={`/models/${model.id}`}>{model.name}</Link>
            <span className="faint" aria-hidden>
              →
            </span>
          </Fragment>
        ))}
        <strong>{detail.model.name}</strong>
      </div>
      {children.length === 0 ? (
        <p className={shared.hint}>{words.lineageNone}</p>
      ) : (
        <ul className={styles.children}>
          {children.map((model) => (
            <li key={model.id}>
              <Link to={`/models/${model.id}`}>{model.name}</Link> <StateBadge state={model.state} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
