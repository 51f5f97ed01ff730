import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";

export const reportQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["projects", projectId, "loop-report"],
    queryFn: () =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/loop-report", { params: { path: { project_id: projectId } } }),
      ),
  });

/** The newest live model that the person's masks trained. */
export const contributionQuery = () =>
  queryOptions({
    queryKey: ["me", "contribution"],
    queryFn: () => unwrap(api.GET("/api/v1/me/contribution")),
    staleTime: 300_000,
  });
