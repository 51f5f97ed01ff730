/** What new masks are labelled with, kept from image to image while the page is open; one per project. */

import { Observable } from "../observable";

const inHand = new Map<string, Observable<string | null>>();

export function labelInHand(projectId: string): Observable<string | null> {
  let label = inHand.get(projectId);
  if (!label) {
    label = new Observable<string | null>(null);
    inHand.set(projectId, label);
  }
  return label;
}
