import type { DocumentMask } from "../../document/editor";
import { texts } from "../../texts";

/** What a person calls a mask. */
export function maskName({ body, order }: DocumentMask): string {
  return body.label ?? texts.objectName(order + 1);
}
