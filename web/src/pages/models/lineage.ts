/** Models as a tree: each below the one it was trained from. */

export interface Grown<Model> {
  readonly model: Model;
  readonly depth: number;
}

/** Parents before children, siblings in order of age; a model whose parent is gone is a root. */
export function grown<Model extends { id: string; parent_id: string | null; created_at: string }>(
  models: readonly Model[],
): Grown<Model>[] {
  const ids = new Set(models.map(({ id }) => id));
  const byAge = [...models].sort((a, b) => a.created_at.localeCompare(b.created_at));
  const parentOf = ({ parent_id: parent }: Model): string | null =>
    parent !== null && ids.has(parent) ? parent : null;
  const below = (parent: string | null, depth: number): Grown<Model>[] =>
    byAge
      .filter((model) => parentOf(model) === parent)
      .flatMap((model) => [{ model, depth }, ...below(model.id, depth + 1)]);
  return below(null, 0);
}
