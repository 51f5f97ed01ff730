import { expect, it } from "vitest";
import { type Line, layOut } from "./layout";

const line = (points: [number, number][], more: Partial<Line> = {}): Line => ({
  name: "Loss",
  colour: "red",
  points: points.map(([x, y]) => ({ x, y })),
  ...more,
});
const ROOM = { width: 600, height: 200 };

it("has nothing to draw without points, or before it has a width", () => {
  expect(layOut([line([])], [], ROOM)).toBeNull();
  expect(layOut([line([[0, 1]])], [], { ...ROOM, width: 0 })).toBeNull();
});

it("keeps every point, reference and interval inside of the plot", () => {
  const layout = layOut(
    [
      {
        ...line([]),
        points: [
          { x: 0, y: 0.4, low: 0.1, high: 0.9 },
          { x: 10, y: 0.5 },
        ],
      },
    ],
    [{ y: 1.4, label: "elsewhere" }],
    ROOM,
  );
  const heights = [...(layout?.references ?? []), ...(layout?.drawn[0]?.dots ?? [])].map(({ y }) => y);
  expect(heights).toHaveLength(3);
  for (const height of heights) {
    expect(height).toBeGreaterThanOrEqual(layout?.top ?? Infinity);
    expect(height).toBeLessThanOrEqual(layout?.bottom ?? 0);
  }
});

it("leaves room for the steps to come, and finds the point nearest to the pointer", () => {
  const layout = layOut(
    [
      line([
        [0, 3],
        [10, 2],
        [20, 1],
      ]),
    ],
    [],
    { ...ROOM, until: 100 },
  );
  expect(layout?.x(20)).toBeLessThan(200);
  expect(layout?.nearest(layout.x(10) + 3)).toBe(1);
  expect(layout?.nearest(10_000)).toBe(2);
});

it("draws what was measured below a smoothed line, and says in a sentence where it began and ended", () => {
  const layout = layOut(
    [
      line(
        [
          [0, 1],
          [1, 0.2],
        ],
        { smoothing: 0.5 },
      ),
    ],
    [],
    ROOM,
  );
  expect(layout?.drawn[0]?.raw).not.toBeNull();
  expect(layout?.drawn[0]?.raw).not.toBe(layout?.drawn[0]?.path);
  const summary = layout?.summary("Loss", "step", String, (value) => value.toFixed(1));
  expect(summary).toBe("Loss. Loss: 1.0 at step 0, 0.2 at 1.");
});
