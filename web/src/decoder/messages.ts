/** What the page and the decoder worker say to each other. */

export type ToWorker =
  | {
      readonly kind: "load";
      readonly prepareUrl: string;
      readonly decodeUrl: string;
      readonly threads: number;
    }
  /** `embedding`: float16 bits [256, side, side], transferred. */
  | { readonly kind: "prepare"; readonly imageId: string; readonly embedding: Uint16Array }
  | {
      readonly kind: "decode";
      readonly requestId: number;
      readonly imageId: string;
      readonly coords: Float32Array;
      readonly labels: Float32Array;
      readonly maskInput: Float32Array | null;
    };

export type FromWorker =
  | { readonly kind: "loaded" }
  | { readonly kind: "prepared"; readonly imageId: string }
  | {
      readonly kind: "decoded";
      readonly requestId: number;
      readonly logits: Float32Array;
      readonly predictedIou: number[];
    }
  | { readonly kind: "failed"; readonly during: ToWorker["kind"]; readonly reason: string }
  /** Nothing will be answered any more. */
  | { readonly kind: "lost"; readonly reason: string };
