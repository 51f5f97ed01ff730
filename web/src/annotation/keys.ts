/** From a key to what it does. */

import { ACTIONS, type Action, type PageCommands } from "./actions";
import type { Annotation } from "./annotation";
import { chordOf } from "./chords";
import { keymap } from "./keymap";

/** Carries out what the key is bound to. True when it was bound. */
export function handleKey(event: KeyboardEvent, annotation: Annotation, page: PageCommands): boolean {
  if (event.altKey) return false;
  const chord = chordOf(event);
  const name = keymap.actionOf(chord);
  if (!name) {
    const { key, shiftKey, ctrlKey, metaKey } = event;
    if (!ctrlKey && !metaKey && annotation.cross.arrow(key, shiftKey)) return true;
    return !event.repeat && labelByDigit(chord, annotation);
  }
  const action: Action = ACTIONS[name];
  if (event.repeat && !action.repeats) return true;
  return action.run(annotation, page) !== false;
}

/** 1 to 9 are the project's first labels, unless they were given to something else. */
function labelByDigit(chord: string, annotation: Annotation): boolean {
  const label = /^[1-9]$/.test(chord) ? annotation.labels[Number(chord) - 1] : undefined;
  if (label) annotation.label(label.name);
  return label !== undefined;
}
