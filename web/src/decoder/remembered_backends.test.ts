import { describe, expect, it } from "vitest";
import { RememberedBackend } from "./remembered_backends";

function storage(initial: Record<string, string> = {}) {
  const kept = new Map(Object.entries(initial));
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

describe("which backend is best", () => {
  it("is remembered for the model and the browser it was found with", () => {
    const kept = storage();
    new RememberedBackend("one", "Firefox 140", kept).set("webgpu");
    new RememberedBackend("two", "Firefox 140", kept).set("wasm");
    expect(new RememberedBackend("one", "Firefox 140", kept).get()).toBe("webgpu");
    expect(new RememberedBackend("two", "Firefox 140", kept).get()).toBe("wasm");
    expect(new RememberedBackend("one", "Firefox 141", kept).get()).toBeNull();
    expect(new RememberedBackend("three", "Firefox 140", kept).get()).toBeNull();
  });

  it("can change, and be forgotten", () => {
    const remembered = new RememberedBackend("one", "Firefox 140", storage());
    remembered.set("webgpu");
    remembered.set("wasm");
    expect(remembered.get()).toBe("wasm");
    remembered.set(null);
    expect(remembered.get()).toBeNull();
  });

  it("is kept for the latest models alone", () => {
    const kept = storage();
    for (let i = 0; i < 9; i++) new RememberedBackend(`model ${i}`, "Firefox 140", kept).set("wasm");
    expect(new RememberedBackend("model 0", "Firefox 140", kept).get()).toBeNull();
    expect(new RememberedBackend("model 1", "Firefox 140", kept).get()).toBe("wasm");
  });

  it.each(["{", "7", "null", '[{"modelId":"one","userAgent":"Firefox 140","backend":"webgl"}]', "[null, 1]"])(
    "is not known from %s",
    (broken) => {
      const remembered = new RememberedBackend("one", "Firefox 140", storage({ "maskloop.decoder": broken }));
      expect(remembered.get()).toBeNull();
      remembered.set("webgpu");
      expect(remembered.get()).toBe("webgpu");
    },
  );

  it("is not known where nothing can be stored", () => {
    const forbidden = () => {
      throw new DOMException("The operation is insecure.", "SecurityError");
    };
    for (const nothing of [undefined, { getItem: forbidden, setItem: forbidden }]) {
      const remembered = new RememberedBackend("one", "Firefox 140", nothing);
      remembered.set("webgpu");
      expect(remembered.get()).toBeNull();
    }
  });
});
