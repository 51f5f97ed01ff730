/** Upload of one image file with progress, which `fetch` cannot report. */

import { ApiError, actingHeaders, asProblem, Offline } from "./client";
import type { ImportedImage } from "./types";

/** Resolves with the stored image; rejects with `ApiError`, `Offline` or an `AbortError`. */
export function uploadImage(
  projectId: string,
  file: File,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<ImportedImage> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/projects/${projectId}/images`);
    request.responseType = "json";
    for (const [name, value] of Object.entries(actingHeaders())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status < 300) resolve(request.response as ImportedImage);
      else reject(new ApiError(request.status, asProblem(request.response)));
    };
    request.onerror = () => reject(new Offline("The upload was interrupted."));
    request.onabort = () => reject(new DOMException("The upload was cancelled.", "AbortError"));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
}
