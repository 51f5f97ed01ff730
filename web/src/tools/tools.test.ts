import { beforeEach, describe, expect, it } from "vitest";
import type { PromptBox, PromptPoint } from "../decoder/prompts";
import { type ImagePoint, screenPoint } from "../geometry/points";
import { toImage, toScreen, type View } from "../geometry/view";
import { BoxTool } from "./box_tool";
import { BrushTool } from "./brush_tool";
import { PanTool } from "./pan_tool";
import { PointTool } from "./point_tool";
import { PolygonTool } from "./polygon_tool";
import type { PointerInput, Tool, ToolCommands } from "./tool";

const view: View = { zoom: 2, originX: 10, originY: 20 };

let log: string[];
let commands: ToolCommands;

const describeAt = ({ x, y }: ImagePoint) => `${x},${y}`;
const describePoint = ({ at, label }: PromptPoint) => `point ${at.x},${at.y} ${label}`;
const describeBox = ({ topLeft, bottomRight }: PromptBox) =>
  `${topLeft.x},${topLeft.y} ${bottomRight.x},${bottomRight.y}`;

beforeEach(() => {
  log = [];
  commands = {
    imageSize: { width: 100, height: 80 },
    toScreen: (point) => toScreen(view, point),
    addPoint: (point) => log.push(describePoint(point)),
    pointNear: ({ x, y }, reach) =>
      [
        { index: 4, label: 1 as const, x: 110, y: 120 },
        { index: 7, label: 0 as const, x: 160, y: 120 },
      ].find((point) => Math.hypot(x - point.x, y - point.y) <= reach) ?? null,
    movePoint: (index, at, continued) =>
      log.push(`move ${index} to ${describeAt(at)}${continued ? " still" : ""}`),
    deletePoint: (index) => log.push(`delete ${index}`),
    selectPoint: (index) => log.push(`select ${index}`),
    showBrush: () => undefined,
    paint: (mode, from, to) => log.push(`${mode} ${describeAt(from)} ${describeAt(to)}`),
    endStroke: () => log.push("end"),
    cancelStroke: () => log.push("cancel"),
    showPolygon: (_, vertices) => log.push(`polygon ${vertices.length}`),
    fillPolygon: (mode, vertices) => log.push(`fill ${mode} ${vertices.map(describeAt).join(" ")}`),
    setBox: (box) => log.push(`box ${describeBox(box)}`),
    showRubberBand: (box) => log.push(box ? `band ${describeBox(box)}` : "band off"),
    pan: (dx, dy) => log.push(`pan ${dx},${dy}`),
  };
});

function replay(tool: Tool, events: [PointerInput["type"], number, number, Partial<PointerInput>?][]): void {
  for (const [type, x, y, more] of events) {
    const screen = screenPoint(x, y);
    tool.handle(
      { type, screen, image: toImage(view, screen), button: 0, alt: false, shift: false, ...more },
      commands,
    );
  }
}

describe("the point tool", () => {
  it("adds the pixel under the cursor at once; right button, Alt and Shift mean background", () => {
    replay(new PointTool(), [
      ["down", 31, 41],
      ["up", 31, 41],
      ["down", 31, 41, { button: 2 }],
      ["down", 31, 41, { alt: true }],
      ["down", 31, 41, { shift: true }],
    ]);
    expect(log).toEqual(["point 10,10 1", "point 10,10 0", "point 10,10 0", "point 10,10 0"]);
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

describe("the point tool on a point", () => {
  it("moves it with a drag, as one step, and keeps it within the image", () => {
    replay(new PointTool(), [
      ["down", 111, 121],
      ["move", 112, 121],
      ["move", 130, 140],
      ["move", 900, 0],
      ["up", 900, 0],
      ["move", 50, 50],
    ]);
    expect(log).toEqual(["move 4 to 60,60", "move 4 to 99,0 still"]);
  });

  it("selects it with a click and deletes it with a background click", () => {
    replay(new PointTool(), [
      ["down", 111, 121],
      ["up", 111, 121],
      ["down", 111, 121, { alt: true }],
      ["down", 111, 121, { button: 2 }],
    ]);
    expect(log).toEqual(["select 4", "delete 4", "delete 4"]);
  });

  it("adds a point beside it, however near, when the press does not become a drag", () => {
    replay(new PointTool(), [
      ["down", 116, 120],
      ["move", 117, 121],
      ["up", 117, 121],
      ["down", 116, 120, { button: 2 }],
      ["up", 116, 120, { button: 2 }],
    ]);
    expect(log).toEqual(["point 53,50 1", "point 53,50 0"]);
  });

  it("leaves a background point where a second right-click hits it; Alt deletes that too", () => {
    replay(new PointTool(), [
      ["down", 160, 120, { button: 2 }],
      ["up", 160, 120, { button: 2 }],
      ["down", 161, 121, { shift: true }],
      ["down", 161, 121, { alt: true }],
    ]);
    expect(log).toEqual(["select 7", "select 7", "delete 7"]);
  });

  it("takes a finger for less exact than a mouse", () => {
    replay(new PointTool(), [
      ["down", 120, 120, { touch: true }],
      ["up", 120, 120, { touch: true }],
      ["down", 120, 120],
      ["up", 120, 120],
      ["down", 126, 120, { touch: true }],
      ["move", 150, 120, { touch: true }],
    ]);
    expect(log).toEqual(["select 4", "point 55,50 1", "move 4 to 70,50"]);
  });
});

describe("the brush", () => {
  it("paints along the pointer's way; the right button erases", () => {
    replay(new BrushTool("brush"), [
      ["move", 10, 20],
      ["down", 30, 40],
      ["move", 50, 40],
      ["up", 50, 40],
      ["down", 30, 40, { button: 2 }],
      ["up", 30, 40, { button: 2 }],
    ]);
    expect(log).toEqual(["paint 10,10 10,10", "paint 10,10 20,10", "end", "erase 10,10 10,10", "end"]);
  });

  it("draws a straight line with Shift from where the last stroke ended", () => {
    const tool = new BrushTool("eraser");
    replay(tool, [
      ["down", 30, 40, { shift: true }],
      ["up", 30, 40],
      ["down", 110, 120, { shift: true }],
      ["up", 110, 120],
    ]);
    expect(log).toEqual(["erase 10,10 10,10", "end", "erase 10,10 50,50", "end"]);
  });

  it("takes a stroke back when the gesture is cancelled", () => {
    replay(new BrushTool("brush"), [
      ["down", 30, 40],
      ["cancel", 30, 40],
      ["up", 30, 40],
    ]);
    expect(log).toEqual(["paint 10,10 10,10", "cancel"]);
  });
});

describe("the polygon tool", () => {
  const corners: [PointerInput["type"], number, number][] = [
    ["down", 30, 40],
    ["down", 110, 40],
    ["down", 110, 120],
  ];

  it("is closed by the first corner, by a double click, or by Enter", () => {
    for (const close of [
      (tool: Tool) => replay(tool, [["down", 33, 42]]),
      (tool: Tool) => replay(tool, [["down", 111, 120]]),
      (tool: Tool) => tool.key?.("confirm", commands),
    ]) {
      const tool = new PolygonTool();
      replay(tool, corners);
      close(tool);
      expect(log.at(-1)).toBe("fill paint 10,10 50,10 50,50");
    }
  });

  it("cuts out when it was begun with the right button", () => {
    const tool = new PolygonTool();
    replay(tool, [["down", 30, 40, { button: 2 }], ...corners.slice(1)]);
    tool.key("confirm", commands);
    expect(log.at(-1)).toBe("fill erase 10,10 50,10 50,50");
  });

  it("goes back corner by corner, and is dropped by Esc", () => {
    const tool = new PolygonTool();
    replay(tool, corners);
    expect(tool.key("back", commands)).toBe(true);
    tool.key("confirm", commands);
    expect(tool.key("cancel", commands)).toBe(true);
    expect(tool.key("cancel", commands)).toBe(false);
    expect(log).toEqual(["polygon 1", "polygon 2", "polygon 3", "polygon 2", "polygon 0"]);
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
