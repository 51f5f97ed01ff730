import { expect, it } from "vitest";
import { rollbackTarget } from "./rollback";

it("rolling back leads to what the live model last replaced, not to what was rolled back", () => {
  const promotions = [
    { reason: "rollback", previous_id: "v2" },
    { reason: "gate", previous_id: "first" },
    { reason: "hand", previous_id: "older" },
  ] as const;
  expect(rollbackTarget(promotions)).toBe("first");
});

it("a model that replaced no other leads nowhere", () => {
  expect(rollbackTarget([{ reason: "release", previous_id: null }])).toBeNull();
  expect(rollbackTarget([])).toBeNull();
});
