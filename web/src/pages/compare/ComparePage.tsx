import { Anchor, Button, SegmentedControl, Skeleton, Title } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { Frame } from "../../components/Frame";
import { QueryProblem, takesPlace } from "../../components/QueryProblem";
import shared from "../batches/batches.module.css";
import { ProjectTabs } from "../batches/ProjectTabs";
import { PromoteButton } from "../models/ModelActions";
import { runQuery } from "../train/queries";
import { verdictOf } from "../train/RunState";
import { CompareCard } from "./CompareCard";
import styles from "./compare.module.css";
import { type Clicks, comparedQuery, type Sort } from "./queries";
import { words } from "./words";

/** The same images and the same first click, the base's mask beside the candidate's, sorted by their difference. */
export function ComparePage() {
  const { projectId = "", runId = "" } = useParams();
  const [sort, setSort] = useState<Sort>("loss");
  const [clicks, setClicks] = useState<Clicks>("1");
  const run = useQuery(runQuery(runId)).data?.run;
  const compared = useInfiniteQuery(comparedQuery(runId, sort, clicks));
  const items = compared.data?.pages.flatMap((page) => page.items) ?? [];
  const total = compared.data?.pages[0]?.total ?? 0;
  const verdict = run && verdictOf(run);
  return (
    <Frame>
      <div className={shared.bar}>
        <div className={shared.heading}>
          <Anchor component={Link} to={`/projects/${projectId}/train/${runId}`} size="xs" c="dimmed">
            {words.goesBack}
          </Anchor>
          <Title order={1} size="h3">
            {words.title}
          </Title>
        </div>
        {run?.model_id && run.model_name && verdict && !verdict.promoted && (
          <PromoteButton
            model={{ id: run.model_id, name: run.model_name }}
            quiet={!verdict.passed}
            refusal={verdict.passed ? null : (verdict.reasons[0] ?? "")}
          />
        )}
      </div>
      <ProjectTabs projectId={projectId} />
      {run && <p className={styles.intro}>{words.subtitle(run.base_model_name, run.model_name ?? "")}</p>}
      <div className={styles.choices}>
        <SegmentedControl
          aria-label={words.sort}
          value={sort}
          onChange={(value) => setSort(value as Sort)}
          data={(["loss", "gain", "change"] as const).map((value) => ({ value, label: words.sorts[value] }))}
        />
        <SegmentedControl
          aria-label={words.clicks}
          value={clicks}
          onChange={(value) => setClicks(value as Clicks)}
          data={(["1", "3", "5"] as const).map((value) => ({ value, label: words.clickChoices[value] }))}
        />
      </div>
      {takesPlace(compared) ? (
        <QueryProblem error={compared.error} retry={compared.refetch} />
      ) : !compared.data ? (
        <Skeleton height={320} />
      ) : items.length === 0 ? (
        <p className={shared.hint}>{words.none}</p>
      ) : (
        <div className={styles.grid} data-testid="comparison">
          {items.map((mask) => (
            <CompareCard key={mask.mask_id} projectId={projectId} runId={runId} mask={mask} clicks={clicks} />
          ))}
        </div>
      )}
      {compared.hasNextPage && (
        <Button
          variant="default"
          mt="md"
          loading={compared.isFetchingNextPage}
          onClick={() => void compared.fetchNextPage()}
        >
          {words.more(total - items.length)}
        </Button>
      )}
    </Frame>
  );
}
