import { expect, it } from "vitest";
import { EMPTY_FORM, isComplete, orderOf, scheduleOf, wrongOverride } from "./train_form";
import { merged } from "./use_run_events";
import { pointsText, type Run } from "./words";

it("the form as it opens asks for nothing but the project", () => {
  const order = orderOf("project", EMPTY_FORM);
  expect(order).toMatchObject({
    kind: "promptable",
    project_ids: ["project"],
    overrides: {},
    snapshot_id: null,
  });
  expect(order.filters?.stages).toBeNull();
  expect(order.replay_scenes).toBeNull();
  expect(isComplete(EMPTY_FORM)).toBe(true);
});

it("values of the recipe are read as numbers, lists and words, and a line without = is found", () => {
  const overrides = "phases.0.masks = 4\n\ndata.in_memory=true\nname=plain\nlist=[1, 2]";
  const order = orderOf("project", { ...EMPTY_FORM, overrides, steps: 6, learningRate: 0.001 });
  expect(order.overrides).toEqual({
    steps: 6,
    "schedule.learning_rate": 0.001,
    "phases.0.masks": 4,
    "data.in_memory": true,
    name: "plain",
    list: [1, 2],
  });
  expect(wrongOverride(overrides)).toBeNull();
  expect(wrongOverride("steps 6")).toBe("steps 6");
  expect(isComplete({ ...EMPTY_FORM, overrides: "steps 6" })).toBe(false);
});

it("a snapshot is trained on as it is, but never by a plan", () => {
  const form = { ...EMPTY_FORM, data: "snapshot" as const };
  expect(isComplete(form)).toBe(false);
  const chosen = { ...form, snapshotId: "frozen" };
  expect(orderOf("project", chosen)).toMatchObject({ project_ids: [], snapshot_id: "frozen" });
  const planned = scheduleOf("project", { ...chosen, when: "masks", newMasks: 50 }, "Europe/Berlin");
  expect(planned).toMatchObject({ new_masks: 50, cron: null });
  expect(planned?.order).toMatchObject({ project_ids: ["project"], snapshot_id: null });
});

it("news replace the points of steps that a resumed run takes again", () => {
  const run = { state: "running" } as Run;
  const point = (step: number, loss: number) => ({ step, values: { loss } });
  const before = { run, evaluation: null, points: [point(0, 3), point(1, 2), point(2, 1)] };
  expect(merged(before, { run, points: [] }).points).toHaveLength(3);
  expect(merged(before, { run, points: [point(1, 9), point(3, 8)] }).points).toEqual([
    point(0, 3),
    point(1, 9),
    point(3, 8),
  ]);
});

it("differences are said in points with their sign", () => {
  expect([0.031, -0.0052, 0].map(pointsText)).toEqual(["+3.1", "−0.5", "+0.0"]);
});
