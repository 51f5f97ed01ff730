import { Pagination, Skeleton } from "@mantine/core";
import { IconFilterOff } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { type ImageFilter, imagesQuery, PAGE_SIZE } from "../../api/queries";
import { untilRenewed } from "../../api/query_client";
import { PageMessage } from "../../components/PageMessage";
import { OutOfDate, QueryProblem, takesPlace } from "../../components/QueryProblem";
import { texts } from "../../texts";
import { ImageCards } from "./ImageCards";
import styles from "./ProjectPage.module.css";
import { words } from "./words";

interface ImageGridProps {
  projectId: string;
  filter: ImageFilter;
  tag: string | null;
  page: number;
  onPage: (page: number) => void;
  /** Shown when the project has no image at all. */
  empty: ReactNode;
}

const WAITING_REFETCH_MS = 2_500;
const SKELETONS = Array.from({ length: 12 }, (_, place) => place);

export function ImageGrid({ projectId, filter, tag, page, onPage, empty }: ImageGridProps) {
  const images = useQuery({
    ...imagesQuery(projectId, filter, tag, page),
    placeholderData: keepPreviousData,
    refetchInterval: (query) =>
      query.state.data?.items.some(
        ({ embedding }) => embedding.state === "queued" || embedding.state === "running",
      )
        ? WAITING_REFETCH_MS
        : untilRenewed(query),
  });
  const lastPage = Math.max(Math.ceil((images.data?.total ?? 0) / PAGE_SIZE) - 1, 0);
  const beyond = images.data !== undefined && !images.isPlaceholderData && page > lastPage;
  // Images were deleted, or lost the tag that they were listed by.
  useEffect(() => {
    if (beyond) onPage(lastPage);
  }, [beyond, lastPage, onPage]);
  if (takesPlace(images)) return <QueryProblem error={images.error} retry={images.refetch} />;
  if (!images.data) {
    return (
      <div className={styles.grid} aria-busy>
        {SKELETONS.map((place) => (
          <Skeleton key={place} height={182} />
        ))}
      </div>
    );
  }
  const { items, total } = images.data;
  const outOfDate = images.isRefetchError && <OutOfDate error={images.error} retry={images.refetch} />;
  if (total === 0) {
    const named = texts.filters[filter];
    const text =
      tag === null ? texts.noMatchText(named) : words.noneTagged(tag, filter === "all" ? null : named);
    return (
      <>
        {outOfDate}
        {filter === "all" && tag === null ? (
          empty
        ) : (
          <PageMessage icon={<IconFilterOff />} title={texts.noMatchTitle} text={text} />
        )}
      </>
    );
  }
  const first = page * PAGE_SIZE;
  return (
    <>
      {outOfDate}
      <ImageCards projectId={projectId} listing={`${projectId} ${filter} ${tag ?? ""}`} images={items} />
      <div className={`${styles.footer} numbers`}>
        <span>{texts.pageOf(first + 1, first + items.length, total)}</span>
        {total > PAGE_SIZE && (
          <Pagination
            size="sm"
            total={lastPage + 1}
            value={page + 1}
            onChange={(chosen) => onPage(chosen - 1)}
          />
        )}
      </div>
    </>
  );
}
