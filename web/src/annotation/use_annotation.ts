import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { imageQuery, labelsQuery, liveModelQuery, masksQuery, meQuery } from "../api/queries";
import type { ImageDetail, Model } from "../api/types";
import { ImagePyramid } from "../canvas/image_pyramid";
import { PyramidAhead } from "../canvas/pyramid_ahead";
import { embeddingUrl } from "../decoder/embedding";
import { journal, keptQuery, saveQueue } from "../saving";
import { Annotation } from "./annotation";
import { labelInHand } from "./label_in_hand";
import { loadLocalDecoder } from "./local_decoders";

/** An annotation of the image once its masks are known, decoding once there is a live model. */
export function useAnnotation(projectId: string, imageId: string, forceServer: boolean) {
  const image = useQuery(imageQuery(imageId));
  const masks = useQuery(masksQuery(imageId));
  const me = useQuery(meQuery());
  const labels = useQuery(labelsQuery(projectId));
  const kept = useQuery(keptQuery(me.data?.id, imageId));
  const model = useQuery(liveModelQuery());
  const [annotation, setAnnotation] = useState<Annotation | null>(null);

  // A document is of one person: once somebody else has signed in, theirs is opened instead.
  const ready =
    image.data && masks.data && me.data && kept.data && labels.data ? `${imageId} ${me.data.id}` : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: refetched data must not throw away the open document.
  useEffect(() => {
    if (!ready || !image.data || !masks.data || !me.data || !kept.data || !labels.data) return;
    const opened = new Annotation({
      image: image.data,
      masks: masks.data.masks,
      askedAt: masks.data.askedAt,
      me: me.data,
      queue: saveQueue,
      journal,
      left: kept.data.draft,
      labels: labels.data,
      label: labelInHand(projectId),
    });
    setAnnotation(opened);
    return () => {
      setAnnotation(null);
      opened.close();
    };
  }, [ready]);

  const liveModel = model.data;
  useEffect(() => {
    if (annotation && liveModel) annotation.startDecoding(liveModel, loadLocalDecoder, forceServer);
  }, [annotation, liveModel, forceServer]);

  return {
    annotation: annotation?.image.id === imageId ? annotation : null,
    image: image.data,
    me: me.data,
    model: model.data,
    error: image.error ?? masks.error ?? me.error ?? labels.error ?? null,
    retry: () => {
      void image.refetch();
      void masks.refetch();
      void me.refetch();
      void labels.refetch();
    },
  };
}

export function usePyramid(image: ImageDetail | undefined) {
  const [pyramid, setPyramid] = useState<ImagePyramid | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [attempt, setAttempt] = useState(0);
  const url = image?.display_url;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt loads the same image again.
  useEffect(() => {
    if (!url) return;
    const abort = new AbortController();
    let loaded: ImagePyramid | null = null;
    setError(null);
    pyramids
      .take(url, abort.signal)
      .then((result) => {
        loaded = result;
        if (abort.signal.aborted) result.close();
        else setPyramid(result);
      })
      .catch((reason: unknown) => {
        if (!abort.signal.aborted) setError(reason instanceof Error ? reason : new Error(String(reason)));
      });
    return () => {
      abort.abort();
      setPyramid(null);
      loaded?.close();
    };
  }, [url, attempt]);
  return { pyramid, error, retry: () => setAttempt((count) => count + 1) };
}

/** The one image ahead that is decoded already. */
const pyramids = new PyramidAhead(ImagePyramid.load);
/** Pixels beyond which an image is left to be decoded when it is opened: it would hold 200 MB and more until then. */
const LARGEST_AHEAD = 40e6;

/** Once this image can be clicked, what comes up next is fetched, so that moving on does not wait. */
export function usePrefetch(imageIds: readonly string[], model: Model | undefined, ready: boolean): void {
  useEffect(() => () => pyramids.discard(), []);
  const queries = useQueryClient();
  const modelId = model?.id;
  const ahead = imageIds.join(" ");
  useEffect(() => {
    if (ahead === "" || !modelId || !ready) return;
    const abort = new AbortController();
    const fetchAhead = async (nextId: string, isNext: boolean): Promise<void> => {
      const next = await queries.fetchQuery(imageQuery(nextId));
      const options: RequestInit = { signal: abort.signal, priority: "low" };
      // The browser's cache keeps both: their addresses are immutable.
      const file = await fetch(next.display_url, options);
      await file.arrayBuffer();
      const embedding = await fetch(embeddingUrl(nextId, modelId, next.embedding.state !== "done"), options);
      await embedding.arrayBuffer();
      if (isNext && !abort.signal.aborted && next.width * next.height <= LARGEST_AHEAD) {
        pyramids.prepare(next.display_url);
      }
    };
    // Only a head start: what goes wrong here is met, and said, when the image is opened.
    const fetchAll = async (): Promise<void> => {
      for (const [place, id] of ahead.split(" ").entries()) await fetchAhead(id, place === 0);
    };
    fetchAll().catch(() => undefined);
    return () => abort.abort();
  }, [queries, ahead, modelId, ready]);
}
