import { expect, it } from "vitest";
import { screenPoint } from "../geometry/points";
import { panBy, toImage, type View, zoomAt } from "../geometry/view";
import { Fingers } from "./fingers";

it("keeps what is under either finger there while they pinch and push", () => {
  const fingers = new Fingers();
  let view: View = { zoom: 1, originX: 0, originY: 0 };
  expect(fingers.down(1, screenPoint(100, 100))).toBe(false);
  expect(fingers.move(1, screenPoint(100, 100))).toBeNull();
  expect(fingers.down(2, screenPoint(200, 100))).toBe(true);
  const below = [toImage(view, screenPoint(100, 100)), toImage(view, screenPoint(200, 100))];
  for (const [id, x, y] of [
    [2, 300, 100],
    [1, 80, 160],
    [2, 300, 160],
  ] as const) {
    const pinch = fingers.move(id, screenPoint(x, y));
    if (pinch) view = panBy(zoomAt(view, pinch.middle, pinch.factor), pinch.dx, pinch.dy);
  }
  for (const [i, at] of [screenPoint(80, 160), screenPoint(300, 160)].entries()) {
    const now = toImage(view, at);
    expect(Math.hypot(now.x - (below[i]?.x ?? 0), now.y - (below[i]?.y ?? 0))).toBeLessThan(15);
  }
  expect(view.zoom).toBeCloseTo(2.2, 1);
});

it("counts as a pinch until the last finger is lifted", () => {
  const fingers = new Fingers();
  fingers.down(1, screenPoint(0, 0));
  fingers.down(2, screenPoint(9, 9));
  fingers.up(2);
  expect(fingers.pinched).toBe(true);
  expect(fingers.move(1, screenPoint(50, 50))).toBeNull();
  fingers.up(1);
  expect(fingers.pinched).toBe(false);
});
