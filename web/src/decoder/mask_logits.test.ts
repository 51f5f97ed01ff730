import { expect, it } from "vitest";
import { area } from "../document/rle";
import { difference } from "../document/rle_operations";
import { brushLine } from "../document/strokes";
import { modelFrame } from "../geometry/model_frame";
import { imagePoint } from "../geometry/points";
import { logitsOf } from "./mask_logits";
import { Upscaler } from "./upscale";

it("gives back nearly the same mask once it is decoded again", () => {
  const image = { width: 300, height: 200 };
  const mask = brushLine(imagePoint(60, 70), imagePoint(250, 140), 60, image);
  const again = new Upscaler(modelFrame(image, 256)).threshold(logitsOf(mask, 256));
  const wrong = area(difference(mask, again)) + area(difference(again, mask));
  expect(wrong / area(mask)).toBeLessThan(0.05);
});
