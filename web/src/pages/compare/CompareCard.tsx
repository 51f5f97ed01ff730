import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link } from "react-router";
import type { Schemas } from "../../api/types";
import { bounds, fromSegmentation } from "../../document/rle";
import { maskPath } from "../review/mask_path";
import { pointsText } from "../train/words";
import styles from "./compare.module.css";
import { type Clicks, oldAndNewQuery } from "./queries";
import { words } from "./words";

/** Finer than a card shows. */
const LONGEST = 512;
/** Around the mask, as a part of its longer side: what a model spilled over is in sight. */
const AROUND = 0.45;

type OldAndNew = Schemas["OldAndNew"];

interface CompareCardProps {
  projectId: string;
  runId: string;
  mask: Schemas["ComparedMask"];
  clicks: Clicks;
}

/** One held-out mask: what the base made of the clicks, and what the candidate made of them. */
export function CompareCard({ projectId, runId, mask, clicks }: CompareCardProps) {
  const found = useQuery({
    ...oldAndNewQuery(runId, mask.mask_id, clicks),
    placeholderData: (before) => before,
  });
  const shapes = useMemo(() => found.data && shapesOf(found.data), [found.data]);
  const better = mask.difference > 0.005 ? true : mask.difference < -0.005 ? false : undefined;
  return (
    <article className={styles.card} data-testid="compared">
      <div className={styles.pair}>
        {(["base", "candidate"] as const).map((which) => (
          <figure key={which} className={styles.side}>
            {shapes && found.data ? (
              <Picture imageId={mask.image_id} shapes={shapes} which={which} answer={found.data[which]} />
            ) : (
              <div className={styles.picture} />
            )}
            <figcaption>{words.iou(which === "base" ? mask.base_iou : mask.candidate_iou)}</figcaption>
          </figure>
        ))}
      </div>
      <footer className={`${styles.caption} numbers`}>
        <Link to={`/projects/${projectId}/images/${mask.image_id}`} className={styles.open}>
          {mask.label ?? words.open}
        </Link>
        <strong data-better={better}>{pointsText(mask.difference)}</strong>
      </footer>
    </article>
  );
}

interface Shapes {
  readonly size: { readonly width: number; readonly height: number };
  readonly viewBox: string;
  readonly scale: number;
  readonly truth: string;
  readonly base: string;
  readonly candidate: string;
}

function shapesOf({ segmentation, base, candidate }: OldAndNew): Shapes {
  const truth = fromSegmentation(segmentation);
  const { width, height } = truth;
  const box = bounds(truth) ?? { left: 0, top: 0, right: width, bottom: height };
  const wanted = Math.max(box.right - box.left, box.bottom - box.top) * (1 + 2 * AROUND);
  const side = Math.min(wanted, Math.max(width, height));
  const x = within((box.left + box.right - side) / 2, width - side);
  const y = within((box.top + box.bottom - side) / 2, height - side);
  return {
    size: { width, height },
    viewBox: `${x} ${y} ${side} ${side}`,
    scale: side / 100,
    truth: maskPath(segmentation, LONGEST),
    base: maskPath(base.segmentation, LONGEST),
    candidate: maskPath(candidate.segmentation, LONGEST),
  };
}

/** Moved into the image where it is large enough, else centred on it. */
function within(start: number, room: number): number {
  return room < 0 ? room / 2 : Math.min(Math.max(start, 0), room);
}

interface PictureProps {
  imageId: string;
  shapes: Shapes;
  which: "base" | "candidate";
  answer: OldAndNew["base"];
}

function Picture({ imageId, shapes, which, answer }: PictureProps) {
  const { size, viewBox, scale, truth } = shapes;
  return (
    <svg viewBox={viewBox} className={styles.picture} role="img" aria-label={words.iou(answer.iou)}>
      <image href={`/api/v1/images/${imageId}/file`} width={size.width} height={size.height} />
      <path d={shapes[which]} className={styles.mask} data-which={which} />
      <path d={truth} className={styles.truth} />
      {answer.clicks.map(([x = 0, y = 0, label], i) => (
        <circle
          // biome-ignore lint/suspicious/noArrayIndexKey: clicks have a place and no name.
          key={i}
          cx={x + 0.5}
          cy={y + 0.5}
          r={1.9 * scale}
          className={styles.click}
          data-label={label}
          strokeWidth={0.8 * scale}
        />
      ))}
    </svg>
  );
}
