import { useQuery } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import type { Annotation } from "../../annotation/annotation";
import { keymap } from "../../annotation/keymap";
import { ownFiguresQuery } from "../../api/queries";
import type { Model } from "../../api/types";
import type { DecodeState, DecodeWhere } from "../../decoder/session";
import type { SaveState } from "../../document/save_queue";
import { Observable, useObservable } from "../../observable";
import { journal, saveQueue } from "../../saving";
import { texts } from "../../texts";
import { Contribution } from "../report/Contribution";
import styles from "./annotate.module.css";

type Tone = "good" | "busy" | "bad";

const CLOCK_MS = 200;
const NO_DECODER = new Observable<DecodeState | null>(null);

/** Past this the paper's annotators went on to the next object. */
const NUDGE_AFTER_MS = 30_000;

interface StatusBarProps {
  annotation: Annotation;
  projectId: string;
  model: Model | undefined;
}

export function StatusBar({ annotation, projectId, model }: StatusBarProps) {
  return (
    <footer className={`${styles.status} numbers`}>
      <Zoom annotation={annotation} />
      <Position annotation={annotation} />
      <DecoderStatus annotation={annotation} model={model} />
      <Clock annotation={annotation} />
      <Contribution className={styles.contribution} />
      <Today projectId={projectId} />
      <SavedStatus />
    </footer>
  );
}

function Zoom({ annotation }: { annotation: Annotation }) {
  const zoom = useObservable(annotation.view, (view) => view?.zoom ?? null);
  return <span className={styles.zoom}>{zoom === null ? "" : `${formatPercent(zoom)} %`}</span>;
}

function formatPercent(zoom: number): string {
  const percent = zoom * 100;
  return percent < 10 ? percent.toFixed(1) : Math.round(percent).toLocaleString("en");
}

function Position({ annotation }: { annotation: Annotation }) {
  const pixel = useObservable(annotation.pointer, (point) => point);
  return <span className={styles.position}>{pixel ? texts.position(pixel.x, pixel.y) : ""}</span>;
}

function DecoderStatus({ annotation, model }: Omit<StatusBarProps, "projectId">) {
  const session = useObservable(annotation.decoder, (decoder) => decoder);
  const state = useObservable<DecodeState | null, DecodeState | null>(
    session ?? NO_DECODER,
    (decoder) => decoder,
  );
  const [tone, text] = describeDecoder(state, model);
  const why = state?.where === "server" && state.reason ? texts.embeddingServerWhy(state.reason) : undefined;
  return (
    <span
      className={styles.grow}
      title={why}
      role="status"
      data-testid="embedding-state"
      data-phase={state?.phase ?? "loading"}
      data-where={state?.where}
    >
      <i className={styles.dot} data-state={tone} />
      {text}
    </span>
  );
}

const READY: Readonly<Record<DecodeWhere, string>> = {
  browser: texts.embeddingReady,
  gpu: texts.embeddingGpu,
  server: texts.embeddingServer,
};

function describeDecoder(state: DecodeState | null, model: Model | undefined): [Tone, string] {
  if (!state) return ["busy", model ? texts.modelLoading : texts.modelPreparing];
  switch (state.phase) {
    case "ready":
      return ["good", READY[state.where]];
    case "loading":
      return ["busy", texts.modelLoading];
    case "failed":
      return ["bad", texts.embeddingFailed(state.reason ?? "")];
    case "embedding":
      if (state.embedding?.state === "queued") {
        return ["busy", texts.embeddingQueued(state.embedding.position ?? 0)];
      }
      return ["busy", state.embedding ? texts.embeddingRunning : texts.embeddingAsking];
  }
}

function Clock({ annotation }: { annotation: Annotation }) {
  const [activeMs, setActiveMs] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setActiveMs(annotation.clock.read(performance.now()).activeMs), CLOCK_MS);
    return () => clearInterval(timer);
  }, [annotation]);
  const making = useObservable(annotation.editor, ({ draft }) => draft !== null);
  useObservable(keymap, (chosen) => chosen);
  const keys = { accept: keymap.shown("accept"), finish: keymap.shown("finishImage") };
  const nudge = activeMs > NUDGE_AFTER_MS;
  return (
    <span data-testid="clock" data-nudge={nudge} className={nudge ? styles.nudge : undefined}>
      {texts.onThisMask(activeMs)}
      {nudge && (
        <span className={styles.nudgeText}>
          {" "}
          – {making ? texts.nudgeMaking(keys.accept) : texts.nudgeLooking(keys.finish)}
        </span>
      )}
    </span>
  );
}

/** The person's own day in this project. */
function Today({ projectId }: { projectId: string }) {
  const figures = useQuery(ownFiguresQuery(projectId)).data;
  if (!figures || figures.masks === 0) return null;
  const { masks, seconds, clicks } = figures;
  return (
    <span className={styles.today} title={texts.todayWhy} data-testid="today">
      {texts.today(masks)}
      <span className={styles.todayMore}> · {texts.perMask(seconds ?? 0, clicks ?? 0)}</span>
    </span>
  );
}

function SavedStatus() {
  const state = useObservable(saveQueue, (saving) => saving);
  const kept = useObservable(journal, (phase) => phase !== "failed");
  const online = useSyncExternalStore(watchNetwork, () => navigator.onLine);
  const [tone, text] = describeSaving(state, kept, online);
  return (
    <span role="status" data-testid="saved-state" data-phase={state.phase}>
      <i className={styles.dot} data-state={tone} />
      {text}
    </span>
  );
}

function watchNetwork(changed: () => void): () => void {
  window.addEventListener("online", changed);
  window.addEventListener("offline", changed);
  return () => {
    window.removeEventListener("online", changed);
    window.removeEventListener("offline", changed);
  };
}

/** `kept`: what is unsaved would survive the page, because the journal holds it. */
function describeSaving(
  { phase, unsaved, undecided }: SaveState,
  kept: boolean,
  online: boolean,
): [Tone, string] {
  switch (phase) {
    case "saved":
      return online ? ["good", texts.saved] : ["busy", texts.offlineSaved];
    case "saving":
      return ["busy", texts.saving(unsaved)];
    case "offline":
      return ["bad", texts.offlineUnsaved(unsaved, kept)];
    case "signed-out":
      return ["bad", texts.signedOutUnsaved(unsaved, kept)];
    case "undecided":
      return ["bad", texts.undecided(undecided.length)];
  }
}
