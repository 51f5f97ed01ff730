/** What the pages about models read from the server. */

import { queryOptions } from "@tanstack/react-query";
import { api, reached, unwrap } from "../../api/client";

export const registryQuery = () =>
  queryOptions({ queryKey: ["models", "registry"], queryFn: () => unwrap(api.GET("/api/v1/models")) });

export const modelQuery = (modelId: string) =>
  queryOptions({
    queryKey: ["models", "registry", modelId],
    queryFn: () => unwrap(api.GET("/api/v1/models/{model_id}", { params: { path: { model_id: modelId } } })),
  });

/** Markdown, to be read as it is. */
export const cardQuery = (modelId: string) =>
  queryOptions({
    queryKey: ["models", "registry", modelId, "card"],
    queryFn: async () => (await reached(fetch(`/api/v1/models/${modelId}/card`))).text(),
  });
