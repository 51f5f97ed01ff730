import { expect, it } from "vitest";
import { keepToolInHand, toolInHand } from "./tool_in_hand";

function storage() {
  const stored = new Map<string, string>();
  return {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
  };
}

it("keeps the tool, but not those that are taken up for a moment", () => {
  const tab = storage();
  expect(toolInHand(tab)).toBe("point");
  keepToolInHand(tab, "brush");
  keepToolInHand(tab, "eraser");
  keepToolInHand(tab, "pan");
  expect(toolInHand(tab)).toBe("brush");
});

it("begins with points where nothing usable is stored", () => {
  expect(toolInHand({ getItem: () => "laser", setItem: () => undefined })).toBe("point");
  expect(toolInHand(undefined)).toBe("point");
});
