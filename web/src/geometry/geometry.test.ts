import { describe, expect, it } from "vitest";
import { modelFrame, toModel } from "./model_frame";
import { imagePoint, pixelAt, screenPoint } from "./points";
import { fitTo, keepVisible, MAX_ZOOM, MIN_ZOOM, toImage, toScreen, zoomAt } from "./view";

const image = { width: 1200, height: 800 };
const canvas = { width: 1000, height: 700 };

describe("the view", () => {
  it("takes an image position to the screen and back", () => {
    const view = { zoom: 2.5, originX: -130, originY: 40 };
    const there = toScreen(view, imagePoint(321.25, 17.5));
    expect(toImage(view, there)).toEqual(imagePoint(321.25, 17.5));
  });

  it("keeps the image position below the cursor while zooming", () => {
    const view = fitTo(image, canvas);
    const cursor = screenPoint(640, 210);
    const below = toImage(view, cursor);
    const zoomed = zoomAt(zoomAt(view, cursor, 3), cursor, 1.7);
    expect(toImage(zoomed, cursor).x).toBeCloseTo(below.x, 9);
    expect(toImage(zoomed, cursor).y).toBeCloseTo(below.y, 9);
  });

  it("stops zooming at 5 % and 3,200 %", () => {
    const view = fitTo(image, canvas);
    expect(zoomAt(view, screenPoint(0, 0), 1e6).zoom).toBe(MAX_ZOOM);
    expect(zoomAt(view, screenPoint(0, 0), 1e-6).zoom).toBe(MIN_ZOOM);
  });

  it("fits the whole image, centred", () => {
    const view = fitTo(image, canvas, 20);
    expect(toScreen(view, imagePoint(600, 400))).toEqual(screenPoint(500, 350));
    expect(toScreen(view, imagePoint(0, 0)).x).toBeCloseTo(20);
  });

  it("keeps the fitted image clear of what lies over the canvas's lower edge, and where it is if it is clear already", () => {
    const tall = { width: 400, height: 900 };
    const view = fitTo(tall, canvas, 20, 150);
    expect(toScreen(view, imagePoint(0, 0)).y).toBeCloseTo(20);
    expect(toScreen(view, imagePoint(0, 900)).y).toBeCloseTo(canvas.height - 150);
    const flat = { width: 1200, height: 200 };
    expect(fitTo(flat, canvas, 20, 150)).toEqual(fitTo(flat, canvas, 20));
  });

  it("never loses the image outside the canvas", () => {
    const lost = keepVisible({ zoom: 1, originX: 5000, originY: -5000 }, image, canvas);
    expect(lost.originX).toBeLessThan(canvas.width);
    expect(lost.originY + image.height).toBeGreaterThan(0);
  });
});

describe("the model-input frame", () => {
  it("rounds the shorter side half up, as the published resize does", () => {
    expect(modelFrame({ width: 1365, height: 2048 }, 1024).input).toEqual({ width: 683, height: 1024 });
    expect(modelFrame({ width: 640, height: 427 }, 1024).input).toEqual({ width: 1024, height: 683 });
  });

  it("scales a point by the resized size of its axis", () => {
    const frame = modelFrame({ width: 640, height: 427 }, 1024);
    const point = toModel(frame, imagePoint(320, 427));
    expect(point.x).toBeCloseTo(512);
    expect(point.y).toBeCloseTo(683);
  });

  it("names the pixel a position falls on by its index", () => {
    expect(pixelAt(imagePoint(12.99, 7))).toEqual(imagePoint(12, 7));
  });
});
