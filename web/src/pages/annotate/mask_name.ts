import { type DocumentMask, isWaiting } from "../../document/editor";
import { texts } from "../../texts";

/** What a person calls a mask. */
export function maskName({ body, order }: DocumentMask): string {
  return body.label ?? texts.objectName(order + 1);
}

/** What a mask can be found by. */
export function maskWords(mask: DocumentMask): string[] {
  return [
    maskName(mask),
    texts.objectName(mask.order + 1),
    texts.stages[mask.body.stage],
    mask.authorName ?? "",
    isWaiting(mask) ? `${texts.waits} ${texts.offered[mask.body.stage]}` : "",
  ];
}
