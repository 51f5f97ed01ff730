import { ActionIcon, Button, Skeleton, Tooltip } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconBucketDroplet, IconCirclesRelation, IconMinus, IconPlus } from "@tabler/icons-react";
import { useEffect, useRef, useState, type WheelEvent } from "react";
import type { Annotation } from "../../annotation/annotation";
import { keymap } from "../../annotation/keymap";
import type { ImagePyramid } from "../../canvas/image_pyramid";
import { drawThumbnail } from "../../canvas/thumbnail";
import { WheelSteps, wheelPixels } from "../../canvas/wheel_steps";
import type { Candidate } from "../../decoder/candidates";
import { isAmbiguous } from "../../decoder/prompts";
import { draftPixels } from "../../document/draft";
import { useObservable } from "../../observable";
import { texts } from "../../texts";
import styles from "./CandidateStrip.module.css";
import { Key } from "./Key";
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
  const [steps] = useState(() => new WheelSteps());
  if (!draft) return null;
  const ambiguous = isAmbiguous(draft.prompt, draft.maskInput);
  // Painted or reopened, and not asked of the decoder: nothing to choose from.
  const turn = (event: WheelEvent): void => {
    const step = steps.step(wheelPixels(event));
    if (step !== 0) annotation.making.nextCandidate(step);
  };
  const places = !draft.waiting && !draft.candidates ? [] : ambiguous ? [0, 1, 2] : [0];
  return (
    <section className={styles.strip} aria-label={texts.candidates} onWheel={turn}>
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
      <Mending annotation={annotation} hasPixels={draftPixels(draft) !== null} />
      <TouchPolarity annotation={annotation} />
      <div className={styles.actions}>
        <Button
          size="xs"
          disabled={draft.waiting}
          onClick={() => annotation.making.accept()}
          rightSection={<Key name="accept" />}
        >
          {texts.accept}
        </Button>
        <Button
          size="xs"
          variant="default"
          onClick={() => annotation.drop()}
          rightSection={<Key name="drop" />}
        >
          {texts.drop}
        </Button>
      </div>
    </section>
  );
}

/** What mends the pixels of the object, beside it with every tool. */
function Mending({ annotation, hasPixels }: { annotation: Annotation; hasPixels: boolean }) {
  useObservable(keymap, (chosen) => chosen);
  const { making } = annotation;
  const ways = [
    { action: "fillHoles", label: texts.fillHoles, icon: IconBucketDroplet, run: () => making.fillHoles() },
    {
      action: "keepLargest",
      label: texts.keepLargest,
      icon: IconCirclesRelation,
      run: () => making.keepLargestPart(),
    },
  ] as const;
  return (
    <div className={styles.mending}>
      {ways.map(({ action, label, icon: Icon, run }) => (
        <Tooltip key={action} label={[label, keymap.shown(action)].filter(Boolean).join("  ·  ")}>
          <ActionIcon size={30} aria-label={label} disabled={!hasPixels} onClick={run}>
            <Icon size={18} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
      ))}
    </div>
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
      <canvas ref={canvas} />
      {candidate.predictedIou.toFixed(2)}
    </button>
  );
}
