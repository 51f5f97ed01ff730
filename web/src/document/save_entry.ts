/** One mask in the save queue: what is wanted, what the server holds, and the request that comes next. */

import type { Mask, MaskBody } from "../api/types";
import { bodyOf } from "./editor";

/** What the server is known to hold; a deleted mask keeps its content there. */
export interface Known {
  readonly version: number;
  readonly body: MaskBody;
  readonly deleted: boolean;
}

export type Operation =
  | { readonly kind: "create"; readonly body: MaskBody }
  | { readonly kind: "update"; readonly body: MaskBody; readonly known: Known }
  | { readonly kind: "restore"; readonly known: Known }
  | { readonly kind: "delete"; readonly known: Known };

export interface SaveEntry {
  readonly imageId: string;
  readonly maskId: string;
  /** Content that should be stored; null: the mask should be gone. */
  wanted: MaskBody | null;
  known: Known | null;
  /** A request that was sent and got no answer: it may have been carried out, so it is repeated before any other. */
  unanswered: Operation | null;
  failures: number;
  running: boolean;
  /** When this page last wanted or stored something, by `performance.now`; -Infinity: never. */
  changedAt: number;
}

export function newEntry(imageId: string, maskId: string): SaveEntry {
  return {
    imageId,
    maskId,
    wanted: null,
    known: null,
    unanswered: null,
    failures: 0,
    running: false,
    changedAt: -Infinity,
  };
}

export function storedEntry(mask: Mask): SaveEntry {
  const entry = newEntry(mask.image_id, mask.id);
  takeStored(entry, mask);
  return entry;
}

/** The server's version becomes both what is known and what is wanted. */
export function takeStored(entry: SaveEntry, stored: Mask): void {
  const body = bodyOf(stored);
  entry.known = { version: stored.version, body, deleted: stored.deleted_at !== null };
  entry.wanted = entry.known.deleted ? null : body;
  entry.unanswered = null;
}

export function sameContent(a: MaskBody, b: MaskBody): boolean {
  return (
    a === b ||
    (a.segmentation.counts === b.segmentation.counts &&
      a.stage === b.stage &&
      (a.label ?? null) === (b.label ?? null))
  );
}

/** The request that brings the server nearer to what is wanted; null when there is nothing to do. */
export function nextOperation({ wanted, known, unanswered }: SaveEntry): Operation | null {
  if (unanswered) return unanswered;
  if (wanted === null) return known && !known.deleted ? { kind: "delete", known } : null;
  if (!known) return { kind: "create", body: wanted };
  if (known.deleted) return { kind: "restore", known };
  return sameContent(known.body, wanted) ? null : { kind: "update", body: wanted, known };
}

/** What the server holds once `operation` has succeeded. */
export function outcome(operation: Operation, version: number): Known {
  switch (operation.kind) {
    case "create":
    case "update":
      return { version, body: operation.body, deleted: false };
    case "restore":
      return { version, body: operation.known.body, deleted: false };
    case "delete":
      return { version, body: operation.known.body, deleted: true };
  }
}
