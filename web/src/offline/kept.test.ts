import { expect, it } from "vitest";
import { keptAs } from "./kept";

const ORIGIN = "http://maskloop.test";
const kept = (path: string, mode: RequestMode = "cors", method = "GET") =>
  keptAs({ method, mode, url: new URL(path, ORIGIN).href }, ORIGIN);

it("keeps the page, its assets, and what opening an image needs", () => {
  expect(kept("/assets/index-4f2a.js")).toBe("asset");
  expect(kept("/api/v1/models/7/decode.onnx")).toBe("asset");
  expect(kept("/projects/7/images/9?decoder=server", "navigate")).toBe("page");
  for (const path of ["me", "projects/7", "projects/7/labels", "images/9", "images/9/masks", "models/live"]) {
    expect(kept(`/api/v1/${path}`)).toBe("data");
  }
});

it("leaves everything else alone: writes, large files, lists that grow, other sites", () => {
  expect(kept("/api/v1/images/9/masks", "cors", "PUT")).toBeNull();
  expect(kept("/projects/7", "navigate", "POST")).toBeNull();
  for (const path of [
    "images/9/file",
    "images/9/embedding?model_id=1",
    "projects/7/images",
    "projects/7/export",
  ]) {
    expect(kept(`/api/v1/${path}`, path.endsWith("export") ? "navigate" : "cors")).toBeNull();
  }
  expect(kept("https://elsewhere.test/assets/a.js")).toBeNull();
});
