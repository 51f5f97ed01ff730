import { QueryObserver } from "@tanstack/react-query";
import { expect, it } from "vitest";
import { ApiError, Offline } from "./client";
import { createQueryClient, untilRenewed } from "./query_client";

const KEY = ["projects", "p", "images"];

/** A list on the server, and its answers in the order in which they were asked for: each says what it was asked at. */
function server() {
  let stored = 0;
  const answers: (() => void)[] = [];
  return {
    store: () => void stored++,
    answers,
    read: () => {
      const found = stored;
      return new Promise<number>((resolve) => answers.push(() => resolve(found)));
    },
  };
}

it("asks again for what was invalidated while its first answer was on its way", async () => {
  const { store, answers, read } = server();
  const queries = createQueryClient();
  const page = new QueryObserver(queries, { queryKey: KEY, queryFn: read });
  const shown: unknown[] = [];
  page.subscribe(({ data }) => shown.push(data));
  store();
  const renewed = queries.invalidateQueries({ queryKey: ["projects"] });
  answers[0]?.();
  await expect.poll(() => answers.length).toBe(2);
  expect(shown.at(-1)).toBe(0);
  answers[1]?.();
  await renewed;
  expect(page.getCurrentResult().data).toBe(1);
  page.destroy();
});

it("does not take for fresh what a page that is gone asked for before the change", async () => {
  const { store, answers, read } = server();
  const queries = createQueryClient();
  const query = { queryKey: KEY, queryFn: read, staleTime: 300_000 };
  const left = queries.fetchQuery(query);
  store();
  const renewed = queries.invalidateQueries({ queryKey: ["projects"] });
  answers[0]?.();
  await Promise.all([left, renewed]);
  const next = queries.fetchQuery(query);
  answers[1]?.();
  expect(await next).toBe(1);
});

it("asks once where nothing was on its way, and drops an answer that an older one stands in for", async () => {
  const { store, answers, read } = server();
  const queries = createQueryClient();
  const page = new QueryObserver(queries, { queryKey: KEY, queryFn: read });
  const end = page.subscribe(() => undefined);
  answers[0]?.();
  await expect.poll(() => page.getCurrentResult().data).toBe(0);
  void queries.invalidateQueries({ queryKey: KEY });
  store();
  const renewed = queries.invalidateQueries({ queryKey: KEY });
  answers[2]?.();
  answers[1]?.();
  await renewed;
  expect(page.getCurrentResult().data).toBe(1);
  expect(answers).toHaveLength(3);
  end();
});

it("what is shown is asked for again while the server cannot answer, and left when it refuses", () => {
  const interval = (data: unknown, error: unknown) => untilRenewed({ state: { data, error } });
  expect(interval([], new Offline())).toBeGreaterThan(0);
  expect(interval([], new ApiError(500, null))).toBeGreaterThan(0);
  expect(interval([], new ApiError(401, null))).toBe(false);
  expect(interval([], null)).toBe(false);
  // Nothing is shown: a message with a button has its place.
  expect(interval(undefined, new Offline())).toBe(false);
});
