import { useQuery } from "@tanstack/react-query";
import { meQuery } from "../../api/queries";

/** Whether the person may steer training and models; annotators read. */
export function useMayManage(): boolean {
  const role = useQuery(meQuery()).data?.role;
  return role === "owner" || role === "manager";
}
