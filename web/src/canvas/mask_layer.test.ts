import { beforeEach, describe, expect, it, vi } from "vitest";
import type { DocumentMask } from "../document/editor";
import { fromColumnRuns } from "../document/rle_operations";
import { MaskLayer, type MaskLayerContent } from "./mask_layer";
import type { Framing } from "./mask_picture";
import type { PictureMaker, Wanted } from "./picture_maker";

class NoPath {
  moveTo(): void {}
  lineTo(): void {}
  closePath(): void {}
}
vi.stubGlobal("Path2D", NoPath);

function mask(order: number): DocumentMask {
  const rle = fromColumnRuns([{ x: order, top: 1, bottom: 5 }], 40, 30);
  return { id: `mask ${order}`, order, rle, body: {} as DocumentMask["body"], authorName: null };
}

const labels: MaskLayerContent["labels"] = new Map();

function showing(masks: readonly DocumentMask[], more: Partial<MaskLayerContent> = {}): MaskLayerContent {
  return { masks, fillOpacity: 0.35, colourBy: "object", labels, selectedId: null, hoveredId: null, ...more };
}

function at(originX: number, zoom = 1): Framing {
  return { view: { zoom, originX, originY: 0 }, size: { width: 400, height: 300 }, pixelRatio: 1 };
}

/** What is asked of the maker, and how it answers. */
let asked: Wanted[];
let answer: () => void;
/** Pictures copied and masks filled since the last look. */
let drawn: { pictures: number; alpha: number; fills: number };
let layer: MaskLayer;
let better: number;

const target = {
  globalAlpha: 1,
  setTransform: () => undefined,
  stroke: () => undefined,
  fill: () => void drawn.fills++,
  drawImage: () => {
    drawn.pictures++;
    drawn.alpha = target.globalAlpha;
  },
};

function draw(content: MaskLayerContent, framing: Framing): typeof drawn {
  drawn = { pictures: 0, alpha: 1, fills: 0 };
  layer.draw(target as unknown as CanvasRenderingContext2D, content, framing);
  return drawn;
}

beforeEach(() => {
  asked = [];
  better = 0;
  const maker: PictureMaker = {
    make: (wanted, done) => {
      asked.push(wanted);
      answer = () => done({ close: () => undefined } as ImageBitmap);
    },
    close: () => undefined,
  };
  layer = new MaskLayer(maker, () => better++);
});

describe("the layer of the stored masks", () => {
  const masks = [mask(0), mask(1)];

  it("has its picture made once, and only shifts it while a pan stays within what the picture covers", () => {
    const content = showing(masks);
    draw(content, at(0));
    answer();
    expect(better).toBe(1);
    for (const originX of [0, 40, -90]) expect(draw(content, at(originX)).pictures).toBe(1);
    expect(asked).toHaveLength(1);
    draw(content, at(150));
    expect(asked).toHaveLength(2);
  });

  it("asks for one picture at a time; what changed meanwhile is asked for when it is there", () => {
    const content = showing(masks);
    draw(content, at(0));
    draw(content, at(0, 2));
    draw(content, at(0, 3));
    expect(asked).toHaveLength(1);
    answer();
    draw(content, at(0, 3));
    expect(asked.map(({ framing }) => framing.view.zoom)).toEqual([1, 3]);
  });

  it("draws a mask that was just accepted on top until the picture has it", () => {
    draw(showing(masks), at(0));
    answer();
    const more = showing([...masks, mask(2)]);
    expect(draw(more, at(0))).toMatchObject({ pictures: 1, fills: 1 });
    answer();
    expect(draw(more, at(0))).toMatchObject({ pictures: 1, fills: 0 });
  });

  it("singles a mask out without another picture, the others fainter", () => {
    draw(showing(masks), at(0));
    answer();
    const singled = draw(showing(masks, { hoveredId: "mask 1" }), at(0));
    expect(singled).toMatchObject({ pictures: 1, fills: 1 });
    expect(singled.alpha).toBeLessThan(1);
    expect(draw(showing(masks), at(0))).toMatchObject({ alpha: 1, fills: 0 });
    expect(asked).toHaveLength(1);
  });

  it("keeps no picture that comes after it was closed", () => {
    draw(showing(masks), at(0));
    layer.close();
    answer();
    expect(better).toBe(0);
  });
});
