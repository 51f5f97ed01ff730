import { ActionIcon, CloseButton } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import type { Annotation } from "../../annotation/annotation";
import { maskColour } from "../../canvas/colours";
import { StageBadge } from "../../components/StageBadge";
import type { DocumentMask } from "../../document/editor";
import { area } from "../../document/rle";
import { useObservable } from "../../observable";
import { texts } from "../../texts";
import { maskName } from "./mask_name";
import styles from "./ObjectsPanel.module.css";

const ROW_HEIGHT = 34;

interface ObjectsPanelProps {
  annotation: Annotation;
  opened: boolean;
  /** Over the canvas instead of beside it. */
  asSheet: boolean;
  onClose: () => void;
}

export function ObjectsPanel({ annotation, opened, asSheet, onClose }: ObjectsPanelProps) {
  const masks = useObservable(annotation.editor, (state) => state.masks);
  const selectedId = useObservable(annotation.shown, (state) => state.selectedId);
  if (!opened) return null;
  return (
    <aside className={styles.panel} data-sheet={asSheet} aria-label={texts.objects}>
      <div className={`${styles.title} numbers`}>
        <span>
          {texts.objects} <span className="faint">{masks.size}</span>
        </span>
        {asSheet && <CloseButton size="sm" aria-label={texts.hideObjects} onClick={onClose} />}
      </div>
      {masks.size === 0 ? (
        <div className={styles.list}>
          <p className={styles.empty}>
            <strong>{texts.noMasksTitle}</strong>
            <br />
            {texts.noMasksText}
          </p>
        </div>
      ) : (
        <ObjectList annotation={annotation} masks={masks} selectedId={selectedId} />
      )}
      <MaskDetails mask={selectedId ? masks.get(selectedId) : undefined} />
    </aside>
  );
}

interface ObjectListProps {
  annotation: Annotation;
  masks: ReadonlyMap<string, DocumentMask>;
  selectedId: string | null;
}

/** Only the rows in sight exist: an image may hold hundreds of masks. Newest first. */
function ObjectList({ annotation, masks, selectedId }: ObjectListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => [...masks.values()].sort((a, b) => b.order - a.order), [masks]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
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
  const name = maskName(mask);
  return (
    <div
      className={styles.row}
      style={{ top }}
      data-selected={selected}
      data-testid="object-row"
      onPointerEnter={() => shown.update({ hoveredId: mask.id })}
      onPointerLeave={() => shown.update({ hoveredId: null })}
    >
      <button
        type="button"
        className={styles.pick}
        aria-pressed={selected}
        onClick={() => annotation.select(selected ? null : mask.id)}
      >
        <span className={styles.swatch} style={{ background: maskColour(mask.order) }} />
        <span className={styles.name}>{name}</span>
        <StageBadge stage={mask.body.stage} />
      </button>
      <ActionIcon
        className={styles.remove}
        size="sm"
        aria-label={texts.deleteMask(name)}
        onClick={() => annotation.deleteMask(mask.id)}
      >
        <IconTrash size={15} />
      </ActionIcon>
    </div>
  );
}

function MaskDetails({ mask }: { mask: DocumentMask | undefined }) {
  if (!mask) {
    return (
      <dl className={styles.details}>
        <p>{texts.selectAnObject}</p>
      </dl>
    );
  }
  const { predicted_iou: iou, stability_score: stability, prompts, active_ms: activeMs } = mask.body;
  const rows: [string, string][] = [
    [texts.detailArea, texts.pixels(area(mask.rle))],
    [texts.detailIou, iou?.toFixed(3) ?? "–"],
    [texts.detailStability, stability?.toFixed(3) ?? "–"],
    [texts.detailPrompts, texts.promptCount(prompts.points.length, Boolean(prompts.box))],
    [texts.detailTime, texts.seconds(activeMs)],
    [texts.detailAuthor, mask.authorName ?? "–"],
  ];
  return (
    <dl className={`${styles.details} numbers`}>
      {rows.map(([label, value]) => (
        <div key={label} style={{ display: "contents" }}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
