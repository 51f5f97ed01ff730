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

/** Why saving waits for the person: somebody else's version is stored, or the server refuses ours for good. */
export type Halt =
  | { readonly kind: "conflict"; readonly stored: Mask }
  | { readonly kind: "refused"; readonly reason: string };

/** What of an entry outlives the page. */
export interface SaveRecord {
  readonly imageId: string;
  readonly maskId: string;
  /** Content that should be stored; null: the mask should be gone. */
  readonly wanted: MaskBody | null;
  readonly known: Known | null;
  /** A request that was sent and got no answer: it may have been carried out, so it is repeated before any other. */
  readonly unanswered: Operation | null;
  readonly halt: Halt | null;
}

export interface SaveEntry extends SaveRecord {
  wanted: MaskBody | null;
  known: Known | null;
  unanswered: Operation | null;
  halt: Halt | null;
  failures: number;
  running: boolean;
  /** When this page last wanted or stored something, by `performance.now`; -Infinity: never. */
  changedAt: number;
}

export function newEntry(imageId: string, maskId: string): SaveEntry {
  return entryFrom({ imageId, maskId, wanted: null, known: null, unanswered: null, halt: null });
}

export function entryFrom(record: SaveRecord): SaveEntry {
  const { imageId, maskId, wanted, known, unanswered, halt } = record;
  return {
    ...{ imageId, maskId, wanted, known, unanswered, halt },
    failures: 0,
    running: false,
    changedAt: -Infinity,
  };
}

export function recordOf({ imageId, maskId, wanted, known, unanswered, halt }: SaveEntry): SaveRecord {
  return { imageId, maskId, wanted, known, unanswered, halt };
}

export function storedEntry(mask: Mask): SaveEntry {
  const entry = newEntry(mask.image_id, mask.id);
  takeStored(entry, mask);
  return entry;
}

export function knownFrom(stored: Mask): Known {
  return { version: stored.version, body: bodyOf(stored), deleted: stored.deleted_at !== null };
}

/** The server's version becomes both what is known and what is wanted. */
export function takeStored(entry: SaveEntry, stored: Mask): void {
  entry.known = knownFrom(stored);
  entry.wanted = entry.known.deleted ? null : entry.known.body;
  entry.unanswered = null;
  entry.halt = null;
}

export function sameContent(a: MaskBody | null, b: MaskBody | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a === b ||
    (a.segmentation.counts === b.segmentation.counts &&
      a.stage === b.stage &&
      (a.review === "waiting") === (b.review === "waiting") &&
      (a.label ?? null) === (b.label ?? null))
  );
}

/** The request that brings the server nearer to what is wanted; null when there is nothing to do. */
export function nextOperation({ wanted, known, unanswered, halt }: SaveRecord): Operation | null {
  if (halt) return null;
  if (unanswered) return unanswered;
  if (wanted === null) return known && !known.deleted ? { kind: "delete", known } : null;
  if (!known) return { kind: "create", body: wanted };
  if (known.deleted) return { kind: "restore", known };
  return sameContent(known.body, wanted) ? null : { kind: "update", body: wanted, known };
}

/** Whether the server may not hold what is wanted. */
export function isUnsaved(record: SaveRecord): boolean {
  return record.halt !== null || nextOperation(record) !== null;
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
