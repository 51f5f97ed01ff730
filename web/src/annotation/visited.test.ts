import { expect, it } from "vitest";
import { Visited } from "./visited";

it("goes back image by image, also after going back", () => {
  const stored = new Map<string, string>();
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
  };
  for (const id of ["a", "b", "c", "b"]) new Visited("project", storage).note(id);
  const visited = new Visited("project", storage);
  expect([visited.before("c"), visited.before("b"), visited.before("a")]).toEqual(["b", "a", null]);
  expect(visited.before("never opened")).toBe("c");
  expect(new Visited("another", storage).before("c")).toBeNull();
});
