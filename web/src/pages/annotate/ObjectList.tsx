import { ActionIcon } from "@mantine/core";
import { IconCheck, IconEye, IconEyeOff, IconTrash } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { Annotation } from "../../annotation/annotation";
import { preferences } from "../../annotation/preferences";
import { colourOf, labelColours } from "../../canvas/colours";
import { StageBadge } from "../../components/StageBadge";
import { type DocumentMask, isWaiting } from "../../document/editor";
import { useObservable } from "../../observable";
import { texts } from "../../texts";
import { maskName } from "./mask_name";
import styles from "./ObjectsPanel.module.css";

const ROW_HEIGHT = 34;

interface ObjectListProps {
  annotation: Annotation;
  rows: readonly DocumentMask[];
  selectedId: string | null;
}

/** Only the rows in sight exist: an image may hold hundreds of masks. */
export function ObjectList({ annotation, rows, selectedId }: ObjectListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  const selectedAt = rows.findIndex(({ id }) => id === selectedId);
  useEffect(() => {
    if (selectedAt >= 0) virtual.scrollToIndex(selectedAt);
  }, [virtual, selectedAt]);
  return (
    <div ref={scroller} className={styles.list}>
      <div style={{ position: "relative", height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const mask = rows[index];
          return (
            mask && (
              <ObjectRow
                key={mask.id}
                mask={mask}
                top={start}
                selected={mask.id === selectedId}
                annotation={annotation}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

interface ObjectRowProps {
  mask: DocumentMask;
  top: number;
  selected: boolean;
  annotation: Annotation;
}

function ObjectRow({ mask, top, selected, annotation }: ObjectRowProps) {
  const { shown } = annotation;
  const hidden = useObservable(shown, ({ hiddenIds }) => hiddenIds.has(mask.id));
  const colouring = useObservable(preferences, ({ colourBy }) => colourBy);
  const name = maskName(mask);
  const waiting = isWaiting(mask);
  const pick = (): void => {
    annotation.select(selected ? null : mask.id);
    if (!selected) annotation.showMask(mask.id);
  };
  return (
    <div
      className={styles.row}
      style={{ top }}
      data-selected={selected}
      data-hidden={hidden}
      data-testid="object-row"
      onPointerEnter={() => shown.update({ hoveredId: mask.id })}
      onPointerLeave={() => shown.update({ hoveredId: null })}
    >
      <button
        type="button"
        className={styles.pick}
        aria-pressed={selected}
        onClick={pick}
        onDoubleClick={() => {
          annotation.select(mask.id);
          annotation.zoomToSelected();
        }}
      >
        <span
          className={styles.swatch}
          style={{ background: colourOf(mask, colouring, labelColours(annotation.labels)) }}
        />
        <span className={styles.name}>{name}</span>
        {waiting ? (
          <span className={styles.waits} title={texts.waits}>
            {texts.offered[mask.body.stage]}
          </span>
        ) : (
          <StageBadge stage={mask.body.stage} />
        )}
      </button>
      {waiting && (
        <ActionIcon
          className={styles.action}
          data-always
          size="sm"
          color="teal"
          aria-label={texts.keepMask(name)}
          onClick={() => annotation.keepMasks([mask])}
        >
          <IconCheck size={15} />
        </ActionIcon>
      )}
      <ActionIcon
        className={styles.action}
        size="sm"
        data-always={hidden}
        aria-label={hidden ? texts.showMask(name) : texts.hideMask(name)}
        onClick={() => annotation.toggleHidden(mask.id)}
      >
        {hidden ? <IconEyeOff size={15} /> : <IconEye size={15} />}
      </ActionIcon>
      <ActionIcon
        className={styles.action}
        data-always={waiting}
        size="sm"
        aria-label={texts.deleteMask(name)}
        onClick={() => annotation.deleteMask(mask.id)}
      >
        <IconTrash size={15} />
      </ActionIcon>
    </div>
  );
}
