import { expect, it } from "vitest";
import { WheelSteps } from "./wheel_steps";

it("makes one step of a notch, and one of many small turns of a touchpad", () => {
  const wheel = new WheelSteps();
  expect([120, 120, -120].map((pixels) => wheel.step(pixels))).toEqual([1, 1, -1]);
  expect([20, 20, 20, 20].map((pixels) => wheel.step(pixels))).toEqual([0, 0, 1, 0]);
});

it("begins anew where the wheel is turned back", () => {
  const wheel = new WheelSteps();
  expect([40, -40, -40].map((pixels) => wheel.step(pixels))).toEqual([0, 0, -1]);
});
