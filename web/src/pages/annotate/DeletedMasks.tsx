import { ActionIcon, Skeleton, Tooltip } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Annotation } from "../../annotation/annotation";
import { deletedMasksQuery } from "../../api/queries";
import type { Mask } from "../../api/types";
import { StageBadge } from "../../components/StageBadge";
import { fromSegmentation } from "../../document/rle";
import { useObservable } from "../../observable";
import { saveQueue } from "../../saving";
import { texts } from "../../texts";
import styles from "./ObjectsPanel.module.css";

/** The masks that were deleted on this image, by whomever and whenever, last deleted first. */
export function DeletedMasks({ annotation }: { annotation: Annotation }) {
  const queries = useQueryClient();
  const { id: imageId } = annotation.image;
  const deleted = useQuery(deletedMasksQuery(imageId));
  const masks = useObservable(annotation.editor, (state) => state.masks);
  useEffect(
    () =>
      saveQueue.subscribe(() => {
        if (saveQueue.getState().phase === "saved")
          void queries.invalidateQueries({ queryKey: deletedMasksQuery(imageId).queryKey });
      }),
    [queries, imageId],
  );
  useEffect(() => () => annotation.shown.update({ ghost: null }), [annotation]);
  const gone = deleted.data?.filter(({ id }) => !masks.has(id));
  return (
    <div className={styles.list} data-testid="deleted-masks">
      {deleted.error ? (
        <p className={styles.empty} role="alert">
          {deleted.error.message || texts.offlineTitle}
        </p>
      ) : !gone ? (
        <Skeleton height={26} mx={8} />
      ) : gone.length === 0 ? (
        <p className={styles.empty}>
          <strong>{texts.noDeletedTitle}</strong>
          <br />
          {texts.noDeletedText}
        </p>
      ) : (
        <ul className={styles.deleted}>
          {gone.map((mask) => (
            <DeletedRow key={mask.id} mask={mask} annotation={annotation} />
          ))}
        </ul>
      )}
    </div>
  );
}

function DeletedRow({ mask, annotation }: { mask: Mask; annotation: Annotation }) {
  const name = mask.label ?? mask.author_name;
  const show = (): void => annotation.shown.update({ ghost: fromSegmentation(mask.segmentation) });
  const hide = (): void => annotation.shown.update({ ghost: null });
  const time = mask.deleted_at && new Date(mask.deleted_at).toLocaleString(undefined, SHORT);
  return (
    <li onPointerEnter={show} onPointerLeave={hide} onFocus={show} onBlur={hide}>
      <span className={styles.name}>
        {name} <small>{texts.pixels(mask.area)}</small>
        <br />
        <small>{texts.deletedAt(time ?? "")}</small>
      </span>
      <StageBadge stage={mask.stage} />
      <Tooltip label={texts.restoreMask(name)}>
        <ActionIcon
          size="sm"
          aria-label={texts.restoreMask(name)}
          onClick={() => annotation.restoreMask(mask)}
        >
          <IconArrowBackUp size={15} />
        </ActionIcon>
      </Tooltip>
    </li>
  );
}

const SHORT = { dateStyle: "short", timeStyle: "short" } as const;
