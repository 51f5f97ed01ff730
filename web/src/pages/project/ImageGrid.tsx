import { Pagination, Skeleton } from "@mantine/core";
import { IconFilterOff } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api, unwrap } from "../../api/client";
import { type ImageFilter, imagesQuery, PAGE_SIZE } from "../../api/queries";
import type { Image } from "../../api/types";
import { Confirm } from "../../components/Confirm";
import { PageMessage } from "../../components/PageMessage";
import { QueryProblem } from "../../components/QueryProblem";
import { texts } from "../../texts";
import { ImageCard } from "./ImageCard";
import styles from "./ProjectPage.module.css";

interface ImageGridProps {
  projectId: string;
  filter: ImageFilter;
  page: number;
  onPage: (page: number) => void;
  /** Shown when the project has no image at all. */
  empty: ReactNode;
}

const WAITING_REFETCH_MS = 2_500;
const SKELETONS = Array.from({ length: 12 }, (_, place) => place);

export function ImageGrid({ projectId, filter, page, onPage, empty }: ImageGridProps) {
  const images = useQuery({
    ...imagesQuery(projectId, filter, page),
    placeholderData: keepPreviousData,
    refetchInterval: (query) =>
      query.state.data?.items.some(
        ({ embedding }) => embedding.state === "queued" || embedding.state === "running",
      )
        ? WAITING_REFETCH_MS
        : false,
  });
  const [doomed, setDoomed] = useState<Image | null>(null);
  if (images.isError) return <QueryProblem error={images.error} retry={images.refetch} />;
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
  if (total === 0 && filter === "all") return empty;
  if (total === 0) {
    const named = texts.filters[filter];
    return (
      <PageMessage icon={<IconFilterOff />} title={texts.noMatchTitle} text={texts.noMatchText(named)} />
    );
  }
  const first = page * PAGE_SIZE;
  return (
    <>
      <div className={styles.grid}>
        {items.map((image) => (
          <ImageCard key={image.id} image={image} onDelete={setDoomed} />
        ))}
      </div>
      <div className={`${styles.footer} numbers`}>
        <span>{texts.pageOf(first + 1, first + items.length, total)}</span>
        {total > PAGE_SIZE && (
          <Pagination
            size="sm"
            total={Math.ceil(total / PAGE_SIZE)}
            value={page + 1}
            onChange={(chosen) => onPage(chosen - 1)}
          />
        )}
      </div>
      {doomed && <DeleteImage image={doomed} onClose={() => setDoomed(null)} />}
    </>
  );
}

function DeleteImage({ image, onClose }: { image: Image; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      unwrap(api.DELETE("/api/v1/images/{image_id}", { params: { path: { image_id: image.id } } })),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: ["projects"] });
    },
  });
  return (
    <Confirm
      opened
      title={texts.deleteImageTitle(image.file_name)}
      text={texts.deleteImageText(image.mask_count)}
      action={texts.delete}
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  );
}
