/** Keys with their modifiers, written as in "Ctrl+Shift+Z". */

type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey">;

const SPOKEN: Readonly<Record<string, string>> = {
  Escape: "Esc",
  Delete: "Del",
  PageUp: "Page up",
  PageDown: "Page down",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

/** Shift makes "?" of "/" on one keyboard and something else on another: it counts only where it changes no symbol. */
export function chordOf({ key, ctrlKey, metaKey, shiftKey }: Pressed): string {
  const named = key.length > 1 || key.toLowerCase() !== key.toUpperCase();
  const name = key.length === 1 ? key.toUpperCase() : key;
  return [ctrlKey || metaKey ? "Ctrl" : "", named && shiftKey ? "Shift" : "", name].filter(Boolean).join("+");
}

/** As a person reads it. */
export function spoken(chord: string): string {
  const parts = chord.endsWith("+")
    ? [...chord.slice(0, -1).split("+").filter(Boolean), "+"]
    : chord.split("+");
  return parts.map((part) => SPOKEN[part] ?? part).join(" + ");
}

const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock", "Dead", "Process"]);

/** Whether a press can be bound: not a modifier alone, and not what the page or the browser needs. */
export function isBindable({ key }: Pick<KeyboardEvent, "key">): boolean {
  return !MODIFIERS.has(key) && key !== " ";
}
