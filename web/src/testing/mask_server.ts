/** A small HTTP server that stores masks as the real one does, and can be told to misbehave. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Mask, MaskBody } from "../api/types";

/** What happens to a request: carried out, carried out but the answer is lost, or refused with a status. */
export type Behaviour = "work" | "lose-answer" | number;

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly match: string;
}

export class MaskServer {
  readonly masks = new Map<string, Mask>();
  readonly received: Received[] = [];
  /** For the next requests, in order; then everything works. */
  readonly behaviours: Behaviour[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<MaskServer> {
    const server = createServer();
    const masks = new MaskServer(server);
    server.on("request", (request, response) => void masks.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return masks;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  /** As somebody else's edit. */
  replace(id: string, change: Partial<Mask>): void {
    const mask = this.masks.get(id);
    if (mask) this.masks.set(id, { ...mask, ...change, version: mask.version + 1 });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const match = String(request.headers["if-match"] ?? request.headers["if-none-match"] ?? "");
    this.received.push({ method: request.method ?? "", path: request.url ?? "", match });
    const behaviour = this.behaviours.shift() ?? "work";
    if (typeof behaviour === "number") {
      return send(response, behaviour, problem(behaviour, "The test server was told to refuse."));
    }
    const [status, body] = this.#carryOut(request, text ? (JSON.parse(text) as MaskBody) : null, match);
    if (behaviour === "lose-answer") request.socket.destroy();
    else send(response, status, body);
  }

  #carryOut(request: IncomingMessage, body: MaskBody | null, match: string): [number, unknown] {
    const [, imageId = "", id = "", restore] =
      /images\/([^/]+)\/masks\/([^/]+)(\/restore)?$/.exec(request.url ?? "") ?? [];
    const stored = this.masks.get(id);
    const base = match === "*" ? 0 : Number(match.replaceAll('"', ""));
    const deleted = request.method === "DELETE" ? "2026-01-01T00:00:00Z" : null;
    const content = body ?? stored;
    if (!content) return [404, problem(404, "There is no such mask.")];
    const next = makeMask(id, imageId, content, base + 1, deleted);
    const repeated = stored?.version === base + 1 && sameMask(stored, next);
    if (stored && stored.version !== base && !repeated) return [409, { ...problem(409, "Changed."), stored }];
    if (restore && !stored) return [404, problem(404, "There is no such mask.")];
    this.masks.set(id, next);
    return [200, next];
  }
}

function sameMask(a: Mask, b: Mask): boolean {
  return (
    a.segmentation.counts === b.segmentation.counts && a.label === b.label && a.deleted_at === b.deleted_at
  );
}

function problem(status: number, detail: string) {
  return { type: "about:blank", title: "Refused", status, detail };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}

export function makeBody(counts: string, label: string | null = null): MaskBody {
  return {
    segmentation: { size: [5, 7], counts },
    stage: "manual",
    label,
    predicted_iou: 0.9,
    stability_score: 0.95,
    crop_box: [0, 0, 7, 5],
    prompts: { points: [{ x: 1, y: 2, label: 1 }], box: null, strokes: 0 },
    candidate_index: 0,
    candidates_iou: [0.9, 0.8, 0.7],
    model_id: null,
    active_ms: 1200,
    idle_ms: 0,
  };
}

export function makeMask(
  id: string,
  imageId: string,
  content: MaskBody | Mask,
  version = 1,
  deletedAt: string | null = null,
): Mask {
  return {
    ...makeBody(content.segmentation.counts, content.label ?? null),
    label: content.label ?? null,
    id,
    image_id: imageId,
    version,
    bbox: [0, 0, 7, 5],
    area: 35,
    author_id: "11111111-1111-4111-8111-111111111111",
    author_name: "Somebody",
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    deleted_at: deletedAt,
  } as Mask;
}
