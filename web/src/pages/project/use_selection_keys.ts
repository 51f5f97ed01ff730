import { useEffect } from "react";

interface SelectionKeys {
  clear: () => void;
  pickAll: () => void;
  tag: () => void;
}

const TYPING = "input:not([type=checkbox]), textarea, select, [role=dialog], [role=menu], [role=listbox]";

/** Keys while images are chosen, unless somebody types or a menu is open. */
export function useSelectionKeys(active: boolean, { clear, pickAll, tag }: SelectionKeys): void {
  useEffect(() => {
    if (!active) return;
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || (event.target as HTMLElement).closest(TYPING)) return;
      const key = event.key.toLowerCase();
      const command = event.ctrlKey || event.metaKey;
      if (key === "escape") clear();
      else if (key === "a" && command && !event.altKey && !event.shiftKey) pickAll();
      else if (key === "t" && !command && !event.altKey) tag();
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [active, clear, pickAll, tag]);
}
