import { useEffect } from "react";

interface ReviewKeys {
  accept: () => void;
  reject: () => void;
  undo: () => void;
  /** Moves the focus by so many images. */
  move: (by: number) => void;
}

/** Keys of the review page, unless somebody types. */
export function useReviewKeys(keys: ReviewKeys, columns: () => number): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (target.closest("input, textarea, select, [role=dialog], [role=slider]")) return;
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
      const key = event.key.toLowerCase();
      if (key === "z" && (event.ctrlKey || event.metaKey || plain)) keys.undo();
      else if (!plain) return;
      else if (key === "a") keys.accept();
      else if (key === "x") keys.reject();
      else if (key === "arrowright") keys.move(1);
      else if (key === "arrowleft") keys.move(-1);
      else if (key === "arrowdown") keys.move(columns());
      else if (key === "arrowup") keys.move(-columns());
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [keys, columns]);
}
