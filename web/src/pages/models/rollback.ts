/** Where rolling back leads. */

import type { Schemas } from "../../api/types";

type Promotion = Pick<Schemas["ModelPromotion"], "reason" | "previous_id">;

/**
 * The model that the live one replaced when it last went live other than by rolling back, as the server chooses it;
 * null when there is none. `promotions` are the live model's, the latest first.
 */
export function rollbackTarget(promotions: readonly Promotion[]): string | null {
  return promotions.find(({ reason }) => reason !== "rollback")?.previous_id ?? null;
}
