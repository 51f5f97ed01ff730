import { Button, Skeleton, Switch } from "@mantine/core";
import { IconChecks, IconFilterOff } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useRef, useState } from "react";
import { useParams, useSearchParams } from "react-router";
import { api, unwrap } from "../../api/client";
import type { Schemas } from "../../api/types";
import { Confirm } from "../../components/Confirm";
import { Frame } from "../../components/Frame";
import { PageMessage } from "../../components/PageMessage";
import { QueryProblem, takesPlace } from "../../components/QueryProblem";
import { ProjectHead } from "../batches/ProjectHead";
import { type Decision, decideAll, type ReviewFilters, reviewQuery } from "./queries";
import { ReviewCard } from "./ReviewCard";
import { isNarrowed, ReviewFilterBar } from "./ReviewFilterBar";
import styles from "./review.module.css";
import { useReview } from "./use_review";
import { useReviewKeys } from "./use_review_keys";
import { words } from "./words";

/** Masks that wait for review, image by image. */
export function ReviewPage() {
  const { projectId = "" } = useParams();
  const [search] = useSearchParams();
  const [filters, setFilters] = useState<ReviewFilters>({ batch_id: search.get("batch") });
  const [{ offset, round }, setPlace] = useState({ offset: 0, round: 0 });
  const page = useQuery({
    ...reviewQuery(projectId, filters, offset, round),
    placeholderData: (before) => before,
  });
  const goTo = useCallback(
    (to: number) => setPlace((before) => ({ offset: to, round: before.round + 1 })),
    [],
  );
  const narrow = (chosen: ReviewFilters): void => {
    setFilters(chosen);
    goTo(0);
  };
  return (
    <Frame>
      <ProjectHead projectId={projectId}>
        {page.data && <Setting projectId={projectId} on={page.data.review_batches} />}
      </ProjectHead>
      <ReviewFilterBar
        filters={filters}
        disabled={page.data?.masks === 0 && !isNarrowed(filters)}
        onChange={narrow}
      />
      {takesPlace(page) ? (
        <QueryProblem error={page.error} retry={page.refetch} />
      ) : page.data ? (
        <Waiting
          key={page.data.askedAt}
          projectId={projectId}
          page={page.data}
          filters={filters}
          offset={offset}
          onPlace={goTo}
        />
      ) : (
        <Skeleton height={320} />
      )}
    </Frame>
  );
}

interface WaitingProps {
  projectId: string;
  page: Schemas["ReviewPage"];
  filters: ReviewFilters;
  offset: number;
  /** Asks for the images from there on. */
  onPlace: (offset: number) => void;
}

function Waiting({ projectId, page, filters, offset, onPlace }: WaitingProps) {
  const { decided, apply, undo, saving, error } = useReview(projectId);
  const [focus, setFocus] = useState(0);
  const grid = useRef<HTMLDivElement>(null);
  const columns = useCallback(
    () => (grid.current ? getComputedStyle(grid.current).gridTemplateColumns.split(" ").length : 1),
    [],
  );
  const move = useCallback(
    (by: number) => setFocus((at) => Math.min(Math.max(at + by, 0), page.items.length - 1)),
    [page.items.length],
  );
  const keys = useMemo(() => {
    const decideImage = (decision: Decision): void => {
      const image = page.items[focus];
      if (!image) return;
      apply(
        image.masks.map(({ id }) => id).filter((id) => !decided.has(id)),
        decision,
      );
      move(1);
    };
    const takeBack = (): void => {
      const [first] = undo();
      const place = page.items.findIndex(({ masks }) => masks.some(({ id }) => id === first));
      if (place >= 0) setFocus(place);
    };
    return { accept: () => decideImage("accept"), reject: () => decideImage("reject"), undo: takeBack, move };
  }, [page.items, focus, decided, apply, undo, move]);
  useReviewKeys(keys, columns);

  if (page.items.length === 0 && offset === 0) return <NothingWaits filters={filters} />;
  const waiting = page.items.filter((image) => image.masks.some(({ id }) => !decided.has(id))).length;
  return (
    <>
      <div className={`${styles.summary} numbers`}>
        <span data-testid="waiting">
          {words.waiting(page.masks - decided.size, page.images - (page.items.length - waiting))}
        </span>
        <span className={styles.hint}>
          {words.hint} <span className={styles.keys}>{words.keysHint}</span>
        </span>
        {error && (
          <span role="alert" className={styles.error}>
            {error.message}
          </span>
        )}
        <DecideAll projectId={projectId} filters={filters} masks={page.masks} onDone={() => onPlace(0)} />
      </div>
      <div className={styles.grid} ref={grid}>
        {page.items.map((image, place) => (
          <ReviewCard
            key={image.image_id}
            projectId={projectId}
            image={image}
            place={place}
            focused={place === focus}
            decided={decided}
            onFocus={setFocus}
            onDecide={apply}
          />
        ))}
      </div>
      <div className={styles.next}>
        {offset > 0 && (
          <Button variant="default" onClick={() => onPlace(0)}>
            {words.fromStart}
          </Button>
        )}
        <Button
          variant={waiting === 0 ? "filled" : "default"}
          loading={saving}
          onClick={() => onPlace(page.items.length === 0 ? 0 : offset + waiting)}
          data-testid="next-images"
        >
          {words.next}
        </Button>
      </div>
    </>
  );
}

function NothingWaits({ filters }: { filters: ReviewFilters }) {
  return isNarrowed(filters) ? (
    <PageMessage icon={<IconFilterOff />} title={words.noneFilteredTitle} text={words.noneFilteredText} />
  ) : (
    <PageMessage icon={<IconChecks />} title={words.noneTitle} text={words.noneText} />
  );
}

interface DecideAllProps {
  projectId: string;
  filters: ReviewFilters;
  masks: number;
  onDone: () => void;
}

/** Accepts or rejects everything that passes the filters, on this page and beyond. */
function DecideAll({ projectId, filters, masks, onDone }: DecideAllProps) {
  const [asked, setAsked] = useState<"accept" | "reject" | null>(null);
  const queries = useQueryClient();
  const all = useMutation({
    mutationFn: (decision: "accept" | "reject") => decideAll(projectId, filters, decision),
    onSuccess: async () => {
      setAsked(null);
      onDone();
      await queries.invalidateQueries({ queryKey: ["projects"] });
    },
  });
  return (
    <div className={styles.decide}>
      <Button size="compact-sm" variant="default" onClick={() => setAsked("accept")}>
        {words.acceptShown}
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => setAsked("reject")}>
        {words.rejectShown}
      </Button>
      {asked && (
        <Confirm
          opened
          title={asked === "accept" ? words.acceptShown : words.rejectShown}
          text={asked === "accept" ? words.acceptAllText(masks) : words.rejectAllText(masks)}
          action={asked === "accept" ? words.acceptShown : words.rejectShown}
          pending={all.isPending}
          error={all.error}
          onConfirm={() => all.mutate(asked)}
          onClose={() => setAsked(null)}
        />
      )}
    </div>
  );
}

/** Whether masks of later batches wait for review in this project. */
function Setting({ projectId, on }: { projectId: string; on: boolean }) {
  const [checked, setChecked] = useState(on);
  const save = useMutation({
    mutationFn: (wanted: boolean) =>
      unwrap(
        api.PUT("/api/v1/projects/{project_id}/review/setting", {
          params: { path: { project_id: projectId } },
          body: { review_batches: wanted },
        }),
      ),
    onMutate: setChecked,
    onError: (_, wanted) => setChecked(!wanted),
  });
  return (
    <Switch
      label={words.setting}
      checked={checked}
      error={save.error?.message}
      onChange={(event) => save.mutate(event.currentTarget.checked)}
    />
  );
}
