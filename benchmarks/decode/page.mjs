// Runs in the browser: the comparison under onnxruntime-web. The two decoders take turns.
import { env, InferenceSession, Tensor } from "/ort/ort.wasm.min.mjs";

const WARM_UP = 3;

env.wasm.wasmPaths = "/ort/";

async function floats(path) {
  return new Float32Array(await (await fetch(path)).arrayBuffer());
}

async function timed(session, feed) {
  const start = performance.now();
  const outputs = await session.run(feed);
  return [performance.now() - start, outputs];
}

function lowestMaskIou(expected, got, pixels) {
  let lowest = 1;
  for (let from = 0; from < expected.length; from += pixels) {
    let both = 0;
    let either = 0;
    for (let i = from; i < from + pixels; i++) {
      const a = expected[i] > 0;
      const b = got[i] > 0;
      both += a && b;
      either += a || b;
    }
    if (either > 0) lowest = Math.min(lowest, both / either);
  }
  return lowest;
}

globalThis.measure = async ({ imageSize, channels, threads, points }) => {
  env.wasm.numThreads = threads;
  const options = { executionProviders: ["wasm"] };
  const plain = await InferenceSession.create("/graphs/plain.onnx", options);
  const prepare = await InferenceSession.create("/graphs/prepare.onnx", options);
  const decode = await InferenceSession.create("/graphs/decode.onnx", options);
  const side = imageSize / 16;
  const image = { image_embedding: new Tensor("float32", await floats("/embedding"), [1, channels, side, side]) };
  const maskShape = [1, 1, 4 * side, 4 * side];
  const mask = new Tensor("float32", new Float32Array(16 * side * side), maskShape);

  const result = { isolated: globalThis.crossOriginIsolated, plain: [], decode: [], prepare: [], lowestIou: 1 };
  let prepared;
  for (let i = 0; i < WARM_UP + points.length; i++) {
    const [milliseconds, outputs] = await timed(prepare, image);
    prepared = outputs;
    if (i >= WARM_UP) result.prepare.push(milliseconds);
  }
  const clicks = [...points.slice(0, WARM_UP), ...points];
  for (const [index, [x, y]] of clicks.entries()) {
    const prompt = {
      point_coords: new Tensor("float32", Float32Array.of(x, y, 0, 0), [1, 2, 2]),
      point_labels: new Tensor("float32", Float32Array.of(1, -1), [1, 2]),
      mask_input: mask,
      has_mask_input: new Tensor("float32", Float32Array.of(0), [1]),
    };
    const [plainMs, expected] = await timed(plain, { ...image, ...prompt });
    const [decodeMs, got] = await timed(decode, { ...prepared, ...prompt });
    const iou = lowestMaskIou(expected.low_res_logits.data, got.low_res_logits.data, 16 * side * side);
    result.lowestIou = Math.min(result.lowestIou, iou);
    if (index >= WARM_UP) {
      result.plain.push(plainMs);
      result.decode.push(decodeMs);
    }
  }
  return result;
};
globalThis.loaded = true;
