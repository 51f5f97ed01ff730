import { expect, it } from "vitest";
import { hasGraphicsCard } from "./graphics_card";

it.each([
  ["is there", { info: { isFallbackAdapter: false } }, true],
  ["is there, in a browser that says nothing else of it", {}, true],
  ["is not the processor pretending", { info: { isFallbackAdapter: true } }, false],
  ["is not the processor pretending, in an older browser", { isFallbackAdapter: true }, false],
  ["is not there", null, false],
])("a graphics card %s", async (_what, adapter, expected) => {
  expect(await hasGraphicsCard({ requestAdapter: async () => adapter })).toBe(expected);
});

it("no graphics card in a browser without WebGPU, or one that refuses", async () => {
  expect(await hasGraphicsCard()).toBe(false);
  const refused = () => Promise.reject(new Error("blocked"));
  expect(await hasGraphicsCard({ requestAdapter: refused })).toBe(false);
});
