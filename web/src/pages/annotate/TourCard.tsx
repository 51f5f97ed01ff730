import { Button } from "@mantine/core";
import { useEffect } from "react";
import type { Annotation } from "../../annotation/annotation";
import { TOUR_STEPS, tour } from "../../annotation/tour";
import { useObservable } from "../../observable";
import { texts } from "../../texts";
import styles from "./TourCard.module.css";

/** One sentence at a time beside the work; doing what it says brings the next. */
export function TourCard({ annotation }: { annotation: Annotation }) {
  const step = useObservable(tour, (state) => state);
  useEffect(() => tour.follow(annotation.editor), [annotation]);
  if (!step) return null;
  const last = step === "goOn";
  return (
    <section className={styles.card} aria-label={texts.tourTitle} data-testid="tour" data-step={step}>
      <div className={styles.dots} aria-hidden>
        {TOUR_STEPS.map((each) => (
          <i key={each} data-now={each === step} />
        ))}
      </div>
      <strong>{texts.tour[step].title}</strong>
      <p role="status">{texts.tour[step].text}</p>
      <Button size="compact-xs" variant={last ? "filled" : "default"} onClick={() => tour.end()}>
        {last ? texts.tourDone : texts.tourSkip}
      </Button>
    </section>
  );
}
