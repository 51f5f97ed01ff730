import { Kbd } from "@mantine/core";
import type { ActionName } from "../../annotation/actions";
import { keymap } from "../../annotation/keymap";
import { useObservable } from "../../observable";

/** The key of an action as the person has chosen it; nothing where it has none. */
export function Key({ name }: { name: ActionName }) {
  useObservable(keymap, (chosen) => chosen);
  const key = keymap.shown(name);
  return key === "" ? null : <Kbd size="xs">{key}</Kbd>;
}
