import { Button, Kbd, Skeleton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconMinus, IconPlus } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import type { Annotation } from "../../annotation/annotation";
import type { ImagePyramid } from "../../canvas/image_pyramid";
import { drawThumbnail, THUMBNAIL_SIDE } from "../../canvas/thumbnail";
import type { Candidate } from "../../decoder/candidates";
import { isAmbiguous } from "../../decoder/prompts";
import { useObservable } from "../../observable";
import { texts } from "../../texts";
import styles from "./CandidateStrip.module.css";
import { maskName } from "./mask_name";

interface CandidateStripProps {
  annotation: Annotation;
  pyramid: ImagePyramid | null;
}

/** The masks to choose from for the object being made, best predicted IoU first. */
export function CandidateStrip({ annotation, pyramid }: CandidateStripProps) {
  const draft = useObservable(annotation.editor, (state) => state.draft);
  const refined = useObservable(annotation.editor, ({ masks }) =>
    draft?.refines ? masks.get(draft.refines) : undefined,
  );
  if (!draft) return null;
  const ambiguous = isAmbiguous(draft.prompt, draft.maskInput);
  // Painted or reopened, and not asked of the decoder: nothing to choose from.
  const places = !draft.waiting && !draft.candidates ? [] : ambiguous ? [0, 1, 2] : [0];
  return (
    <section className={styles.strip} aria-label={texts.candidates}>
      {places.map((place) => {
        const candidate = draft.candidates?.[place];
        return candidate ? (
          <CandidateButton
            key={place}
            rank={place}
            candidate={candidate}
            chosen={place === draft.chosen}
            annotation={annotation}
            pyramid={pyramid}
          />
        ) : (
          <div key={place} className={styles.candidate} aria-hidden>
            <Skeleton className={styles.placeholder} />–
          </div>
        );
      })}
      {refined && <span className={styles.refining}>{texts.refining(maskName(refined))}</span>}
      <TouchPolarity annotation={annotation} />
      <div className={styles.actions}>
        <Button
          size="xs"
          disabled={draft.waiting}
          onClick={() => annotation.making.accept()}
          rightSection={<Kbd size="xs">↵</Kbd>}
        >
          {texts.accept}
        </Button>
        <Button
          size="xs"
          variant="default"
          onClick={() => annotation.drop()}
          rightSection={<Kbd size="xs">Esc</Kbd>}
        >
          {texts.drop}
        </Button>
      </div>
    </section>
  );
}

/** Only where fingers point: they have no right button. */
function TouchPolarity({ annotation }: { annotation: Annotation }) {
  const coarse = useMediaQuery("(any-pointer: coarse)");
  const opposite = useObservable(annotation.shown, ({ touchOpposite }) => touchOpposite);
  if (!coarse) return null;
  return (
    <Button
      className={styles.polarity}
      variant={opposite ? "filled" : "default"}
      color={opposite ? "red" : "gray"}
      aria-pressed={opposite}
      aria-label={texts.touchOpposite}
      onClick={() => annotation.shown.update({ touchOpposite: !opposite })}
    >
      {opposite ? <IconMinus size={18} /> : <IconPlus size={18} />}
    </Button>
  );
}

interface CandidateButtonProps extends CandidateStripProps {
  rank: number;
  candidate: Candidate;
  chosen: boolean;
}

function CandidateButton({ rank, candidate, chosen, annotation, pyramid }: CandidateButtonProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current) drawThumbnail(canvas.current, annotation.image, pyramid, candidate.mask);
  }, [annotation, pyramid, candidate]);
  return (
    <button
      type="button"
      className={`${styles.candidate} numbers`}
      aria-pressed={chosen}
      aria-label={texts.candidate(rank + 1, candidate.predictedIou)}
      data-testid={`candidate-${rank}`}
      onClick={() => annotation.making.chooseCandidate(rank)}
    >
      <canvas ref={canvas} style={{ width: THUMBNAIL_SIDE, height: THUMBNAIL_SIDE }} />
      {candidate.predictedIou.toFixed(2)}
    </button>
  );
}
