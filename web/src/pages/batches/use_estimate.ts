import { useDebouncedValue } from "@mantine/hooks";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { Schemas } from "../../api/types";
import { type BatchForm, orderOf } from "./batch_form";
import { estimateQuery } from "./queries";

/** What the batch of a form would cost, and every setting it would have; a moment after the last change. */
export function useEstimate(projectId: string, form: BatchForm): UseQueryResult<Schemas["Estimate"]> {
  const [settled] = useDebouncedValue(form, 250);
  return useQuery({
    ...estimateQuery(projectId, orderOf({ ...settled, name: "" })),
    placeholderData: (before) => before,
  });
}
