import { beforeEach, describe, expect, it } from "vitest";
import type { PromptBox, PromptPoint } from "../decoder/prompts";
import { screenPoint } from "../geometry/points";
import { toImage, type View } from "../geometry/view";
import { BoxTool } from "./box_tool";
import { PanTool } from "./pan_tool";
import { PointTool } from "./point_tool";
import type { PointerInput, Tool, ToolCommands } from "./tool";

const view: View = { zoom: 2, originX: 10, originY: 20 };

let log: string[];
let commands: ToolCommands;

const describePoint = ({ at, label }: PromptPoint) => `point ${at.x},${at.y} ${label}`;
const describeBox = ({ topLeft, bottomRight }: PromptBox) =>
  `${topLeft.x},${topLeft.y} ${bottomRight.x},${bottomRight.y}`;

beforeEach(() => {
  log = [];
  commands = {
    imageSize: { width: 100, height: 80 },
    addPoint: (point) => log.push(describePoint(point)),
    setBox: (box) => log.push(`box ${describeBox(box)}`),
    showRubberBand: (box) => log.push(box ? `band ${describeBox(box)}` : "band off"),
    pan: (dx, dy) => log.push(`pan ${dx},${dy}`),
  };
});

function replay(tool: Tool, events: [PointerInput["type"], number, number, Partial<PointerInput>?][]): void {
  for (const [type, x, y, more] of events) {
    const screen = screenPoint(x, y);
    tool.handle({ type, screen, image: toImage(view, screen), button: 0, alt: false, ...more }, commands);
  }
}

describe("the point tool", () => {
  it("adds the pixel under the cursor at once; right button and Alt mean background", () => {
    replay(new PointTool(), [
      ["down", 31, 41],
      ["up", 31, 41],
      ["down", 31, 41, { button: 2 }],
      ["down", 31, 41, { alt: true }],
    ]);
    expect(log).toEqual(["point 10,10 1", "point 10,10 0", "point 10,10 0"]);
  });

  it("ignores clicks beside the image and other buttons", () => {
    replay(new PointTool(), [
      ["down", 9, 41],
      ["down", 211, 41],
      ["down", 31, 41, { button: 1 }],
    ]);
    expect(log).toEqual([]);
  });
});

describe("the box tool", () => {
  it("sets the dragged box, in any direction, within the image", () => {
    replay(new BoxTool(), [
      ["down", 110, 120],
      ["move", 60, 60],
      ["move", 0, 0],
      ["up", 0, 0],
    ]);
    expect(log).toEqual(["band 25,20 50,50", "band 0,0 50,50", "band off", "box 0,0 50,50"]);
  });

  it("takes a click without a drag as a point", () => {
    replay(new BoxTool(), [
      ["down", 31, 41],
      ["move", 32, 42],
      ["up", 32, 42],
      ["down", 31, 41, { button: 2 }],
    ]);
    expect(log).toEqual(["point 10,10 1", "point 10,10 0"]);
  });

  it("sets no box when the drag ends where it began, or is cancelled", () => {
    const tool = new BoxTool();
    replay(tool, [
      ["down", 31, 41],
      ["move", 90, 90],
      ["up", 31, 41],
      ["down", 31, 41],
      ["move", 90, 90],
      ["cancel", 90, 90],
      ["up", 90, 90],
    ]);
    expect(log.filter((entry) => entry.startsWith("box"))).toEqual([]);
    expect(log.at(-1)).toBe("band off");
  });
});

describe("the pan tool", () => {
  it("moves by what the pointer moved, only while pressed", () => {
    replay(new PanTool(), [
      ["move", 5, 5],
      ["down", 10, 10],
      ["move", 15, 8],
      ["move", 16, 8],
      ["up", 16, 8],
      ["move", 50, 50],
    ]);
    expect(log).toEqual(["pan 5,-2", "pan 1,0"]);
  });
});
