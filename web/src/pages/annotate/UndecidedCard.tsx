import { Button } from "@mantine/core";
import { useEffect, useMemo, useRef } from "react";
import type { Annotation } from "../../annotation/annotation";
import type { MaskBody } from "../../api/types";
import { ACCENT, MASK_COLOURS } from "../../canvas/colours";
import type { ImagePyramid } from "../../canvas/image_pyramid";
import { drawThumbnail, THUMBNAIL_SIDE } from "../../canvas/thumbnail";
import { fromSegmentation } from "../../document/rle";
import type { SaveRecord } from "../../document/save_entry";
import { useObservable } from "../../observable";
import { saveQueue } from "../../saving";
import { texts } from "../../texts";
import styles from "./UndecidedCard.module.css";

interface UndecidedCardProps {
  annotation: Annotation;
  pyramid: ImagePyramid | null;
}

/** The masks of this image that only the person can decide on, one after the other, beside the work and not over it. */
export function UndecidedCard({ annotation, pyramid }: UndecidedCardProps) {
  const all = useObservable(saveQueue, ({ undecided }) => undecided);
  const here = all.filter(({ imageId }) => imageId === annotation.image.id);
  const [first] = here;
  if (!first?.halt) return null;
  const { maskId, halt, wanted } = first;
  const name = halt.kind === "conflict" ? halt.stored.author_name : "";
  const own = name === annotation.me.name;
  const title =
    halt.kind !== "conflict" ? texts.refusedTitle : own ? texts.conflictOwnTitle : texts.conflictTitle;
  const why = own ? texts.conflictOwnText : texts.conflictText(name);
  const text = halt.kind === "conflict" ? why : texts.refusedText(halt.reason);
  const decideAll = (decision: "own" | "theirs"): void => {
    for (const record of here) annotation.decide(record.maskId, decision);
  };
  return (
    <section className={styles.card} role="alert" data-testid="undecided">
      <strong>{title}</strong>
      <span className="faint"> {texts.undecidedOf(1, here.length)}</span>
      <p>{text}</p>
      <div className={styles.versions}>
        {halt.kind === "conflict" && (
          <Version
            label={texts.theirs(name)}
            body={halt.stored.deleted_at ? null : halt.stored}
            colour={MASK_COLOURS[0]}
            {...{ annotation, pyramid }}
          />
        )}
        <Version label={texts.yours} body={wanted} colour={ACCENT} {...{ annotation, pyramid }} />
      </div>
      <div className={styles.actions}>
        {halt.kind === "conflict" ? (
          <ConflictActions annotation={annotation} record={first} />
        ) : (
          <>
            <Button size="xs" onClick={() => annotation.decide(maskId, "own")}>
              {texts.sendAgain}
            </Button>
            <Button size="xs" variant="default" onClick={() => annotation.decide(maskId, "theirs")}>
              {texts.discardYours}
            </Button>
          </>
        )}
      </div>
      {here.length > 1 && (
        <div className={styles.actions}>
          <span className="faint">{texts.decideAll(here.length)}</span>
          <Button size="compact-xs" variant="default" onClick={() => decideAll("theirs")}>
            {texts.keepTheirs}
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => decideAll("own")}>
            {texts.keepYours}
          </Button>
        </div>
      )}
    </section>
  );
}

function ConflictActions({ annotation, record }: { annotation: Annotation; record: SaveRecord }) {
  const { maskId, wanted } = record;
  return (
    <>
      <Button size="xs" variant="default" onClick={() => annotation.decide(maskId, "theirs")}>
        {texts.keepTheirs}
      </Button>
      <Button size="xs" variant="default" onClick={() => annotation.decide(maskId, "own")}>
        {texts.keepYours}
      </Button>
      {wanted && (
        <Button size="xs" onClick={() => annotation.decide(maskId, "both")}>
          {texts.keepBoth}
        </Button>
      )}
    </>
  );
}

interface VersionProps extends UndecidedCardProps {
  label: string;
  /** Null: this version is that the mask is gone. */
  body: Pick<MaskBody, "segmentation"> | null;
  colour: string;
}

function Version({ label, body, colour, annotation, pyramid }: VersionProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const mask = useMemo(() => body && fromSegmentation(body.segmentation), [body]);
  useEffect(() => {
    if (canvas.current && mask) drawThumbnail(canvas.current, annotation.image, pyramid, mask, colour);
  }, [annotation, pyramid, mask, colour]);
  const side = { width: THUMBNAIL_SIDE, height: THUMBNAIL_SIDE };
  return (
    <figure className={styles.version}>
      {mask ? (
        <canvas ref={canvas} style={side} />
      ) : (
        <div className={styles.gone} style={side}>
          {texts.versionDeleted}
        </div>
      )}
      <figcaption>{label}</figcaption>
    </figure>
  );
}
