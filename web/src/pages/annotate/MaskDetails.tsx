import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Annotation } from "../../annotation/annotation";
import { modelsQuery } from "../../api/queries";
import { type DocumentMask, isWaiting } from "../../document/editor";
import { area } from "../../document/rle";
import { texts } from "../../texts";
import styles from "./ObjectsPanel.module.css";

interface MaskDetailsProps {
  annotation: Annotation;
  mask: DocumentMask | undefined;
}

/** Where the selected mask came from. */
export function MaskDetails({ annotation, mask }: MaskDetailsProps) {
  const models = useQuery(modelsQuery()).data;
  if (!mask) {
    return (
      <dl className={styles.details}>
        <p>{texts.selectAnObject}</p>
      </dl>
    );
  }
  const { predicted_iou: iou, stability_score: stability, prompts, active_ms: activeMs } = mask.body;
  const model = models?.find(({ id }) => id === mask.body.model_id)?.name;
  const rows: [string, string][] = [
    [texts.detailArea, texts.pixels(area(mask.rle))],
    [texts.detailIou, iou?.toFixed(3) ?? "–"],
    [texts.detailStability, stability?.toFixed(3) ?? "–"],
    [
      texts.detailPrompts,
      texts.promptCount(prompts.points.length, Boolean(prompts.box), prompts.strokes ?? 0),
    ],
    [texts.detailTime, texts.seconds(activeMs)],
    [texts.detailAuthor, author(mask)],
    [texts.detailModel, model ?? "–"],
  ];
  return (
    <dl className={`${styles.details} numbers`}>
      {(annotation.labels.length > 0 || mask.body.label) && (
        <div className={styles.label}>
          <LabelOf annotation={annotation} mask={mask} />
        </div>
      )}
      {rows.map(([label, value]) => (
        <div key={label} style={{ display: "contents" }}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A mask that nobody has worked on yet carries the name of whoever started the batch. */
function author(mask: DocumentMask): string {
  const name = mask.authorName ?? "–";
  return isWaiting(mask) || mask.body.stage === "automatic" ? texts.byBatch(name) : name;
}

function LabelOf({ annotation, mask }: { annotation: Annotation; mask: DocumentMask }) {
  const label = mask.body.label ?? null;
  const names = annotation.labels.map(({ name }) => name);
  // A label that is no longer on the project's list stays the mask's.
  const data = label && !names.includes(label) ? [...names, label] : names;
  return (
    <Select
      size="xs"
      aria-label={texts.labelTitle}
      placeholder={texts.noLabel}
      data={data}
      value={label}
      onChange={(chosen) => annotation.editor.relabel(mask.id, chosen)}
      searchable
      clearable
      nothingFoundMessage={texts.noLabelFound}
    />
  );
}
