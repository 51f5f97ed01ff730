import { useEffect } from "react";
import type { PageCommands } from "./actions";
import type { Annotation } from "./annotation";
import { handleKey } from "./keys";

/** Keys work wherever the focus is, except in a text field or a dialog. */
export function useKeys(annotation: Annotation, page: PageCommands): void {
  useEffect(() => {
    const listeners = new AbortController();
    const { signal } = listeners;
    const down = (event: KeyboardEvent): void => {
      annotation.clock.activity(performance.now());
      if (belongsElsewhere(event.target)) return;
      if (event.key === " ") {
        // A focused button would otherwise be pressed by the Space that pans.
        event.preventDefault();
        annotation.shown.update({ spaceHeld: true });
      } else if (handleKey(event, annotation, page)) {
        event.preventDefault();
      }
    };
    const up = (event: KeyboardEvent): void => {
      if (event.key === " ") annotation.shown.update({ spaceHeld: false });
    };
    window.addEventListener("keydown", down, { signal });
    window.addEventListener("keyup", up, { signal });
    window.addEventListener("blur", () => annotation.shown.update({ spaceHeld: false }), { signal });
    return () => listeners.abort();
  }, [annotation, page]);
}

function belongsElsewhere(target: EventTarget | null): boolean {
  const own = "input, textarea, select, [role=dialog], [role=menu], [role=listbox], [role=slider]";
  return target instanceof HTMLElement && target.closest(own) !== null;
}
