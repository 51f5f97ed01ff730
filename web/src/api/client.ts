/** The one HTTP client. Failures leave it as `ApiError` (the server answered) or `Offline` (it did not). */

import createClient from "openapi-fetch";
import type { paths } from "./schema";
import type { Problem } from "./types";

/** The server refused; `message` is its sentence for the person. */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem | null;

  constructor(status: number, problem: Problem | null) {
    super(problem?.detail ?? `The server answered with status ${status}.`);
    this.status = status;
    this.problem = problem;
  }
}

/** No answer came: no network, or the server is down. */
export class Offline extends Error {}

export type Api = ReturnType<typeof createApi>;

let actingAs: string | null = null;

/**
 * Who uses this page. The cookie is the browser's: once somebody else has signed in in another tab, the server refuses
 * what this page would otherwise change in their name.
 */
export function actAs(userId: string): void {
  actingAs = userId;
}

/** For requests that go out without the client. */
export function actingHeaders(): Record<string, string> {
  return actingAs === null ? {} : { "X-Maskloop-User": actingAs };
}

/** A client of the server at `origin`; a page talks to the one it came from. */
export function createApi(origin = "") {
  return createClient<paths>({
    baseUrl: origin,
    credentials: "same-origin",
    // Looked up at each call: a page's fetch may be replaced after this module is loaded.
    fetch: (request) => {
      for (const [name, value] of Object.entries(actingHeaders())) request.headers.set(name, value);
      return globalThis.fetch(request);
    },
  });
}

export const api = createApi(globalThis.location?.origin ?? "");

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The data of an answer, or a thrown `ApiError` or `Offline`. */
export async function unwrap<Data>(answer: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await reached(answer);
  if (!response.ok) throw new ApiError(response.status, asProblem(error));
  return data as Data;
}

/** Turns fetch's `TypeError` for an unreachable server into `Offline`; a gateway's 502–504 means the same. */
export async function reached<Result extends { response: Response } | Response>(
  answer: Promise<Result>,
): Promise<Result> {
  let result: Result;
  try {
    result = await answer;
  } catch (error) {
    if (error instanceof TypeError) throw new Offline(error.message);
    throw error;
  }
  const response = result instanceof Response ? result : result.response;
  if (response.status >= 502 && response.status <= 504) throw new Offline(`status ${response.status}`);
  return result;
}

export function asProblem(body: unknown): Problem | null {
  if (typeof body !== "object" || body === null) return null;
  return "detail" in body && typeof body.detail === "string" ? (body as Problem) : null;
}

export function isNotSignedIn(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** Statuses that another try, or signing in again, can turn into success. */
export function mayPass(status: number): boolean {
  return status === 401 || status === 408 || status === 429 || status >= 500;
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}
