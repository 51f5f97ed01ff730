/** Which things of a list are chosen, and what a click on one of them makes of the choice. */

interface Named {
  readonly id: string;
}

export interface Selection<Item extends Named> {
  /** By id, as each was known when it was chosen; things of other pages of the list may be among them. */
  readonly items: ReadonlyMap<string, Item>;
  /** Where a range begins: what was clicked last. */
  readonly anchor: string | null;
}

export const NOTHING: Selection<never> = { items: new Map<string, never>(), anchor: null };

/** The item chosen if it was not, and the other way round; the next range begins at it. */
export function toggled<Item extends Named>(selection: Selection<Item>, item: Item): Selection<Item> {
  return { items: set(selection.items, [item], !selection.items.has(item.id)), anchor: item.id };
}

/**
 * All that is shown from what was clicked last to `item` becomes what a click makes of `item`: chosen, or not.
 * Where nothing that is shown was clicked before, it is a click like any other.
 */
export function rangeTo<Item extends Named>(
  selection: Selection<Item>,
  shown: readonly Item[],
  item: Item,
): Selection<Item> {
  const from = shown.findIndex(({ id }) => id === selection.anchor);
  const to = shown.findIndex(({ id }) => id === item.id);
  if (from < 0 || to < 0) return toggled(selection, item);
  const range = shown.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { items: set(selection.items, range, !selection.items.has(item.id)), anchor: item.id };
}

/** Everything that is shown, besides what was chosen already. */
export function withAll<Item extends Named>(
  selection: Selection<Item>,
  shown: readonly Item[],
): Selection<Item> {
  return { items: set(selection.items, shown, true), anchor: selection.anchor };
}

/** For an item that is gone. */
export function without<Item extends Named>(selection: Selection<Item>, item: Item): Selection<Item> {
  const anchor = selection.anchor === item.id ? null : selection.anchor;
  return { items: set(selection.items, [item], false), anchor };
}

function set<Item extends Named>(
  items: ReadonlyMap<string, Item>,
  changed: readonly Item[],
  chosen: boolean,
): ReadonlyMap<string, Item> {
  const after = new Map(items);
  for (const item of changed) {
    if (chosen) after.set(item.id, item);
    else after.delete(item.id);
  }
  return after;
}
