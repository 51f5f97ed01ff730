import { Button, Slider } from "@mantine/core";
import type { Annotation } from "../../annotation/annotation";
import { keymap } from "../../annotation/keymap";
import { preferences } from "../../annotation/preferences";
import { draftPixels } from "../../document/draft";
import { useObservable } from "../../observable";
import { texts } from "../../texts";
import { Key } from "./Key";
import styles from "./ToolOptions.module.css";

/** What belongs to the tool in the hand: the size of the brush, and what mends the pixels of the object being made. */
export function ToolOptions({ annotation }: { annotation: Annotation }) {
  const tool = useObservable(annotation.shown, (shown) => shown.tool);
  const diameter = useObservable(preferences, ({ brushDiameter }) => brushDiameter);
  const hasPixels = useObservable(annotation.editor, ({ draft }) => Boolean(draft && draftPixels(draft)));
  useObservable(keymap, (chosen) => chosen);
  const brush = tool === "brush" || tool === "eraser";
  if (!brush && tool !== "polygon") return null;
  return (
    <section className={`${styles.options} numbers`} aria-label={texts.toolOptions}>
      {brush && (
        <>
          <Key name="brushSmaller" />
          <Slider
            className={styles.slider}
            size="sm"
            label={null}
            // A root spreads the small sizes, where one pixel matters, over more of the slider.
            min={1}
            max={20}
            step={0.1}
            value={Math.sqrt(diameter)}
            onChange={(root) => preferences.update({ brushDiameter: Math.round(root ** 2) })}
            thumbLabel={texts.brushSize}
          />
          <Key name="brushLarger" />
          <span className={styles.size}>{texts.pixels(diameter)}</span>
        </>
      )}
      {tool === "polygon" && <span className={styles.hint}>{texts.polygonHint(keymap.shown("accept"))}</span>}
      <Button
        size="compact-xs"
        variant="default"
        disabled={!hasPixels}
        onClick={() => annotation.making.fillHoles()}
        rightSection={<Key name="fillHoles" />}
      >
        {texts.fillHoles}
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        disabled={!hasPixels}
        onClick={() => annotation.making.keepLargestPart()}
        rightSection={<Key name="keepLargest" />}
      >
        {texts.keepLargest}
      </Button>
    </section>
  );
}
