/** Keeps the object being made in the journal, click by click, so that it is there when the image is opened again. */

import type { ActiveClock } from "../document/active_time";
import { type Draft, decodedPixels } from "../document/draft";
import type { Editor } from "../document/editor";
import type { Journal } from "../document/journal";

interface DraftKeeperOptions {
  readonly editor: Editor;
  readonly clock: ActiveClock;
  readonly journal: Journal;
  readonly userId: string;
  readonly imageId: string;
}

/** Starts keeping; the result stops it. */
export function keepDraft({ editor, clock, journal, userId, imageId }: DraftKeeperOptions): () => void {
  let kept: Draft | null = editor.getState().draft;
  return editor.subscribe(() => {
    const { draft } = editor.getState();
    if (draft === kept) return;
    kept = draft;
    if (!draft) {
      journal.forgetDraft(imageId);
      return;
    }
    // The answer is left out: it is large, and the decoder gives it again.
    const { promptId: _, candidates, ...rest } = draft;
    const again = { ...rest, base: decodedPixels(draft), waiting: draft.waiting || candidates !== null };
    journal.keepDraft(userId, { imageId, draft: again, ...clock.read(performance.now()) });
  });
}
