/** The uploads of one project page: a few at a time, each with its progress and its own outcome. */

import { ApiError, mayPass } from "../../api/client";
import { uploadImage } from "../../api/upload";
import { Observable } from "../../observable";
import { texts } from "../../texts";

export type UploadStatus = "waiting" | "sending" | "stored" | "duplicate" | "failed" | "cancelled";

export interface Upload {
  readonly key: number;
  readonly file: File;
  readonly status: UploadStatus;
  /** 0 to 1, of the bytes sent. */
  readonly progress: number;
  /** Why it failed, as a sentence. */
  readonly error: string | null;
  /** Whether the same file can succeed another time: one that is refused for what it is cannot. */
  readonly retriable: boolean;
}

const AT_ONCE = 3;

export class Uploads extends Observable<readonly Upload[]> {
  readonly #projectId: string;
  readonly #onStored: () => void;
  #abort = new AbortController();
  #nextKey = 1;

  constructor(projectId: string, onStored: () => void) {
    super([]);
    this.#projectId = projectId;
    this.#onStored = onStored;
  }

  add(files: readonly File[]): void {
    const added = files.map<Upload>((file) => ({
      key: this.#nextKey++,
      file,
      status: "waiting",
      progress: 0,
      error: null,
      retriable: true,
    }));
    this.set([...this.getState(), ...added]);
    this.#fill();
  }

  retryFailed(): void {
    this.set(
      this.getState().map((upload) =>
        upload.status === "failed" && upload.retriable
          ? { ...upload, status: "waiting", progress: 0, error: null }
          : upload,
      ),
    );
    this.#fill();
  }

  cancel(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.set(
      this.getState().map((upload) =>
        isOpen(upload) ? { ...upload, status: "cancelled", progress: 0 } : upload,
      ),
    );
  }

  clear(): void {
    this.set(this.getState().filter(isOpen));
  }

  #fill(): void {
    const uploads = this.getState();
    const free = AT_ONCE - uploads.filter(({ status }) => status === "sending").length;
    const next = uploads.filter(({ status }) => status === "waiting").slice(0, Math.max(free, 0));
    for (const upload of next) void this.#send(upload);
  }

  async #send({ key, file }: Upload): Promise<void> {
    const { signal } = this.#abort;
    this.#change(key, { status: "sending" });
    try {
      const image = await uploadImage(
        this.#projectId,
        file,
        (progress) => this.#change(key, { progress }),
        signal,
      );
      this.#change(key, { status: image.duplicate ? "duplicate" : "stored", progress: 1 });
      // A duplicate, too: its first upload may have been stored and the answer lost on the way.
      this.#onStored();
    } catch (error) {
      if (signal.aborted) return;
      const reason = error instanceof ApiError ? texts.uploadFailed(error.message) : texts.uploadOffline;
      const retriable = !(error instanceof ApiError) || mayPass(error.status);
      this.#change(key, { status: "failed", error: reason, retriable });
    }
    this.#fill();
  }

  #change(key: number, change: Partial<Upload>): void {
    this.set(this.getState().map((upload) => (upload.key === key ? { ...upload, ...change } : upload)));
  }
}

export function isOpen({ status }: Upload): boolean {
  return status === "waiting" || status === "sending";
}
