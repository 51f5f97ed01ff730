import { expect, it } from "vitest";
import { grown } from "./lineage";

const model = (id: string, parent: string | null, made: number) => ({
  id,
  parent_id: parent,
  created_at: `2026-01-0${made}T00:00:00Z`,
});

it("a model stands below its parent, older siblings first, and an orphan is a root", () => {
  const tree = grown([
    model("v3", "v1", 4),
    model("v2", "v1", 3),
    model("v1", null, 1),
    model("v2.1", "v2", 5),
    model("orphan", "deleted", 2),
  ]);
  expect(tree.map(({ model: { id }, depth }) => `${depth} ${id}`)).toEqual([
    "0 v1",
    "1 v2",
    "2 v2.1",
    "1 v3",
    "0 orphan",
  ]);
});
