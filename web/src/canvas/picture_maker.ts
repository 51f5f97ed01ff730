/** Has pictures of masks drawn, one at a time: by a worker, or on the page's thread where a browser has no canvas there. */

import type { Rle } from "../document/rle";
import { type ColouredMask, drawPicture, type Framing, pictureSize } from "./mask_picture";
import type { PictureRequest } from "./picture_worker";

export interface Wanted {
  readonly masks: readonly ColouredMask[];
  readonly fillOpacity: number;
  readonly framing: Framing;
}

export interface PictureMaker {
  /** Calls `done` with the picture, sooner or later; not to be called again before that. */
  make(wanted: Wanted, done: (picture: ImageBitmap | HTMLCanvasElement) => void): void;
  close(): void;
}

export function pictureMaker(): PictureMaker {
  const beside = typeof Worker !== "undefined" && typeof OffscreenCanvas !== "undefined";
  return beside ? new WorkerPictureMaker() : { make: makeHere, close: () => undefined };
}

/** One that nobody uses: the next image takes it over. */
let spare: Worker | null = null;

// The bundler looks for exactly this form.
const startWorker = (): Worker =>
  new Worker(new URL("./picture_worker.ts", import.meta.url), { type: "module", name: "masks" });

class WorkerPictureMaker implements PictureMaker {
  /** Null until there is something to draw. */
  #worker: Worker | null = null;
  #busy = false;
  #sent = new Map<Rle, number>();
  #nextKey = 0;

  make({ masks, fillOpacity, framing }: Wanted, done: (picture: ImageBitmap) => void): void {
    const added: [number, Rle][] = [];
    const sent = new Map<Rle, number>();
    for (const { rle } of masks) {
      let key = this.#sent.get(rle);
      if (key === undefined) {
        key = this.#nextKey++;
        added.push([key, rle]);
      }
      sent.set(rle, key);
    }
    const removed = [...this.#sent].filter(([rle]) => !sent.has(rle)).map(([, key]) => key);
    this.#sent = sent;
    const coloured = masks.map(({ rle, colour, offered }) => ({
      key: sent.get(rle) as number,
      colour,
      offered,
    }));
    this.#worker ??= spare ?? startWorker();
    if (spare === this.#worker) spare = null;
    this.#worker.onmessage = ({ data }: MessageEvent<ImageBitmap>) => {
      this.#busy = false;
      done(data);
    };
    this.#busy = true;
    const request: PictureRequest = { added, removed, masks: coloured, fillOpacity, framing };
    this.#worker.postMessage(request);
  }

  close(): void {
    const worker = this.#worker;
    this.#worker = null;
    if (!worker) return;
    worker.onmessage = null;
    if (this.#busy || spare) worker.terminate();
    else {
      worker.postMessage("forget");
      spare = worker;
    }
  }
}

function makeHere({ masks, fillOpacity, framing }: Wanted, done: (picture: HTMLCanvasElement) => void): void {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, pictureSize(framing));
  const context = canvas.getContext("2d");
  if (context) drawPicture(context, masks, fillOpacity, framing);
  done(canvas);
}
