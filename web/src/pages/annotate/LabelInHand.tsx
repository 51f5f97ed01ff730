import { CloseButton } from "@mantine/core";
import type { Annotation } from "../../annotation/annotation";
import { useObservable } from "../../observable";
import { texts } from "../../texts";
import styles from "./annotate.module.css";

/** What the next masks are labelled with; nothing while they get no label. */
export function LabelInHand({ annotation }: { annotation: Annotation }) {
  const inHand = useObservable(annotation.labelInHand, (label) => label);
  const refined = useObservable(annotation.editor, ({ draft }) => (draft?.refines ? draft.label : undefined));
  const name = refined === undefined ? inHand : refined;
  if (!name) return null;
  const colour = annotation.labels.find((label) => label.name === name)?.colour;
  return (
    <div className={styles.labelInHand} data-testid="label-in-hand" title={texts.labelInHand}>
      <i className={styles.labelSwatch} style={{ background: colour }} />
      {name}
      <CloseButton size="xs" aria-label={texts.putLabelDown} onClick={() => annotation.label(null)} />
    </div>
  );
}
