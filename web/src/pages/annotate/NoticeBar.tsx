import { CloseButton } from "@mantine/core";
import type { Annotation } from "../../annotation/annotation";
import { useObservable } from "../../observable";
import { texts } from "../../texts";
import styles from "./annotate.module.css";

/** A sentence that needs the person's attention, over the canvas until it is dismissed or the next click. */
export function NoticeBar({ annotation }: { annotation: Annotation }) {
  const notice = useObservable(annotation.shown, (state) => state.notice);
  if (!notice) return null;
  return (
    <div className={styles.notice} data-tone={notice.tone} role="alert">
      {notice.text}
      <CloseButton
        size="sm"
        aria-label={texts.dismiss}
        onClick={() => annotation.shown.update({ notice: null })}
      />
    </div>
  );
}
