import { Button } from "@mantine/core";
import { useEffect } from "react";
import type { Annotation } from "../../annotation/annotation";
import { keymap } from "../../annotation/keymap";
import { TOUR_STEPS, tour } from "../../annotation/tour";
import { useObservable } from "../../observable";
import { texts } from "../../texts";
import styles from "./TourCard.module.css";

/** One sentence at a time beside the work; doing what it says brings the next. */
export function TourCard({ annotation }: { annotation: Annotation }) {
  const step = useObservable(tour, (state) => state);
  useObservable(keymap, (chosen) => chosen);
  useEffect(() => tour.follow(annotation.editor), [annotation]);
  if (!step) return null;
  const last = step === "goOn";
  const { title, text } = texts.tour[step]({
    nextCandidate: keymap.shown("nextCandidate"),
    accept: keymap.shown("accept"),
    drop: keymap.shown("drop"),
    undo: keymap.shown("undo"),
    finishImage: keymap.shown("finishImage"),
    keys: keymap.shown("keys"),
  });
  return (
    <section className={styles.card} aria-label={texts.tourTitle} data-testid="tour" data-step={step}>
      <div className={styles.dots} aria-hidden>
        {TOUR_STEPS.map((each) => (
          <i key={each} data-now={each === step} />
        ))}
      </div>
      <strong>{title}</strong>
      <p role="status">{text}</p>
      <Button size="compact-xs" variant={last ? "filled" : "default"} onClick={() => tour.end()}>
        {last ? texts.tourDone : texts.tourSkip}
      </Button>
    </section>
  );
}
