import { beforeEach, describe, expect, it } from "vitest";
import { FakeDecoder } from "../testing/fake_decoder";
import { ChoosingDecoder } from "./choosing_decoder";
import { type Backend, LocalDecoderUnavailable } from "./local_decoder";

const CLICK = { coords: Float32Array.of(1, 2, 0, 0), labels: Float32Array.of(1, -1) };
/** What one decoder needs to warm up, and the trial to compare. */
const ENOUGH = 6;

let now: number;
let took: Record<Backend, number>;
let known: Backend | null;
let hasCard: boolean;
/** Loading this fails. */
let unloadable: Backend | null;
let loaded: FakeDecoder[];
let warmedUp: FakeDecoder[];
let idles: (() => void)[];

beforeEach(() => {
  now = 0;
  took = { wasm: 40, webgpu: 5 };
  known = null;
  hasCard = true;
  unloadable = null;
  loaded = [];
  warmedUp = [];
  idles = [];
});

function load(): Promise<ChoosingDecoder> {
  return ChoosingDecoder.load({
    load: async (backend) => {
      if (backend === unloadable) throw new LocalDecoderUnavailable("does not load");
      const decoder = new FakeDecoder(backend, () => {
        now += took[backend];
      });
      loaded.push(decoder);
      return decoder;
    },
    warmUp: async (decoder) => {
      if ((decoder as FakeDecoder).lost) throw new LocalDecoderUnavailable("lost");
      warmedUp.push(decoder as FakeDecoder);
    },
    hasGraphicsCard: async () => hasCard,
    remembered: {
      get: () => known,
      set: (backend) => {
        known = backend;
      },
    },
    idle: () => new Promise((resolve) => idles.push(resolve)),
    now: () => now,
  });
}

const turn = () => new Promise((resolve) => setTimeout(resolve));
const backends = () => loaded.map(({ backend }) => backend);
const embedding = () => new Uint16Array(8);
const click = (decoder: ChoosingDecoder, image: string) => decoder.decode(image, CLICK, null);

async function rest(): Promise<void> {
  await turn();
  for (const idle of idles.splice(0)) idle();
  await turn();
}

async function restUntilDecided(): Promise<void> {
  do await rest();
  while (idles.length > 0);
}

async function open(image = "one", clicks = ENOUGH): Promise<ChoosingDecoder> {
  const decoder = await load();
  await decoder.prepare(image, embedding());
  for (let i = 0; i < clicks; i++) await click(decoder, image);
  await turn();
  return decoder;
}

describe("the graphics card's trial", () => {
  it("waits for enough prompts, and for an idle browser", async () => {
    const decoder = await open("one", ENOUGH - 1);
    await rest();
    expect(backends()).toEqual(["wasm"]);
    await click(decoder, "one");
    await turn();
    expect(backends()).toEqual(["wasm"]);
    await rest();
    expect(backends()).toEqual(["wasm", "webgpu"]);
  });

  it("goes on only while nobody waits for an answer, and asks the processor nothing", async () => {
    const decoder = await open();
    await rest();
    await rest();
    const [processor, card] = loaded;
    let answer: () => void = () => undefined;
    if (processor) processor.held = new Promise((resolve) => (answer = resolve));
    const waiting = click(decoder, "one");
    await turn();
    const before = card?.asked.length;
    for (let i = 0; i < 5; i++) await rest();
    expect(card?.asked.length).toBe(before);
    answer();
    await waiting;
    await restUntilDecided();
    expect(processor?.asked.filter((what) => what.startsWith("decode"))).toHaveLength(ENOUGH + 1);
    expect(known).toBe("webgpu");
  });

  it("is for the next image: the open one stays where it is", async () => {
    const decoder = await open();
    await restUntilDecided();
    await click(decoder, "one");
    expect(decoder.backend).toBe("wasm");
    await decoder.prepare("two", embedding());
    await click(decoder, "two");
    expect(decoder.backend).toBe("webgpu");
    expect(loaded[1]?.asked.slice(-2)).toEqual(["prepare two", "decode two"]);
    expect(loaded[0]?.closed).toBe(true);
  });

  it("answers what is asked about the last image before its decoder goes", async () => {
    const decoder = await open();
    await restUntilDecided();
    let answer: () => void = () => undefined;
    const [processor] = loaded;
    if (processor) processor.held = new Promise((resolve) => (answer = resolve));
    const waiting = click(decoder, "one");
    await turn();
    await decoder.prepare("two", embedding());
    expect(processor?.closed).toBe(false);
    answer();
    expect((await waiting).predictedIou).toEqual([0.9]);
    await turn();
    expect(processor?.closed).toBe(true);
  });

  it("is lost by a card that is not clearly faster", async () => {
    took.webgpu = 35;
    await open();
    await restUntilDecided();
    expect(known).toBe("wasm");
    expect(loaded[1]?.closed).toBe(true);
  });

  it("is lost by a card that gives other masks", async () => {
    await open();
    await rest();
    const [, card] = loaded;
    if (card) card.covered = 490;
    await restUntilDecided();
    expect(known).toBe("wasm");
    expect(card?.closed).toBe(true);
  });

  it("is lost by a card that fails, and the processor goes on", async () => {
    const decoder = await open();
    await rest();
    const [, card] = loaded;
    if (card) card.lost = true;
    await restUntilDecided();
    expect(known).toBe("wasm");
    await decoder.prepare("two", embedding());
    await click(decoder, "two");
    expect(decoder.backend).toBe("wasm");
  });

  it("is not held without a card, and left to another visit where the card's decoder does not load", async () => {
    hasCard = false;
    await open();
    await restUntilDecided();
    hasCard = true;
    unloadable = "webgpu";
    await open();
    await restUntilDecided();
    expect(backends()).toEqual(["wasm", "wasm"]);
    expect(known).toBeNull();
  });

  it("is not held again once the outcome is known", async () => {
    known = "wasm";
    await open("one", 2 * ENOUGH);
    await restUntilDecided();
    expect(backends()).toEqual(["wasm"]);
  });

  it("decides nothing when the page is done with the model in the middle of it", async () => {
    const decoder = await open();
    await rest();
    decoder.close();
    await restUntilDecided();
    expect(loaded.map(({ closed }) => closed)).toEqual([true, true]);
    expect(known).toBeNull();
  });
});

describe("a card that was faster on an earlier visit", () => {
  beforeEach(() => {
    known = "webgpu";
  });

  it("is used from the first image on, warmed up", async () => {
    const decoder = await open("one", 1);
    expect(decoder.backend).toBe("webgpu");
    expect(backends()).toEqual(["webgpu"]);
    expect(warmedUp).toEqual(loaded);
  });

  it("is left alone where it is gone or does not load", async () => {
    hasCard = false;
    expect((await open("one", 1)).backend).toBe("wasm");
    expect(known).toBe("webgpu");
    hasCard = true;
    unloadable = "webgpu";
    expect((await open("one", 1)).backend).toBe("wasm");
    expect(known).toBeNull();
  });

  it("gives the same prompt to the processor when it is lost, with the image prepared", async () => {
    const decoder = await open("one", 1);
    const [card] = loaded;
    if (card) card.lost = true;
    const answers = await Promise.all([click(decoder, "one"), click(decoder, "one")]);
    expect(answers).toHaveLength(2);
    expect(decoder.backend).toBe("wasm");
    expect(backends()).toEqual(["webgpu", "wasm"]);
    expect(loaded[1]?.asked).toEqual(["prepare one", "decode one", "decode one"]);
    expect(card?.closed).toBe(true);
    expect(known).toBe("wasm");
  });

  it("leaves an image it cannot prepare to the processor", async () => {
    const decoder = await open("one", 1);
    if (loaded[0]) loaded[0].lost = true;
    await decoder.prepare("two", embedding());
    await click(decoder, "two");
    expect(loaded[1]?.asked).toEqual(["prepare two", "decode two"]);
  });

  it("and a processor that did not load when it had to: the next image tries again", async () => {
    const decoder = await open("one", 1);
    if (loaded[0]) loaded[0].lost = true;
    unloadable = "wasm";
    await expect(click(decoder, "one")).rejects.toThrow("does not load");
    unloadable = null;
    await decoder.prepare("two", embedding());
    expect((await click(decoder, "two")).predictedIou).toEqual([0.9]);
  });
});

it("answers nothing about an image that another came after, and takes no harm", async () => {
  known = "webgpu";
  const decoder = await open("one", 1);
  await decoder.prepare("two", embedding());
  await expect(click(decoder, "one")).rejects.toThrow(LocalDecoderUnavailable);
  expect(decoder.backend).toBe("webgpu");
});
