import { Skeleton } from "@mantine/core";
import { useParams, useSearchParams } from "react-router";
import { useAnnotation, usePrefetch, usePyramid } from "../../annotation/use_annotation";
import { useHolding } from "../../annotation/use_holding";
import { Frame } from "../../components/Frame";
import { QueryProblem } from "../../components/QueryProblem";
import { Observable, useObservable } from "../../observable";
import styles from "./annotate.module.css";
import { Workspace } from "./Workspace";

const NEVER = new Observable({ phase: "loading" });

/** One image, full screen. `?decoder=server` has the server decode even where the browser could. */
export function AnnotatePage() {
  const { projectId = "", imageId = "" } = useParams();
  const [search] = useSearchParams();
  const opened = useAnnotation(projectId, imageId, search.get("decoder") === "server");
  const { annotation, image, me, model, error, retry } = opened;
  const picture = usePyramid(image);
  const session = useObservable(annotation?.decoder ?? NO_SESSION, (decoder) => decoder);
  const ready = useObservable(session ?? NEVER, (state) => state.phase === "ready");
  const { holding, refresh } = useHolding(imageId, annotation !== null);
  usePrefetch(holding?.ahead ?? NOTHING, model, ready);

  if (error) {
    return (
      <Frame>
        <QueryProblem error={error} retry={retry} />
      </Frame>
    );
  }
  if (!annotation || !me) return <Loading />;
  return (
    <Workspace
      key={imageId}
      annotation={annotation}
      projectId={projectId}
      userId={me.id}
      model={model}
      picture={picture}
      assignment={holding?.assignment ?? annotation.image.assignment}
      assignmentChanged={refresh}
    />
  );
}

const NOTHING: readonly string[] = [];
const NO_SESSION = new Observable(null);

/** The page's own lines with nothing in them yet, so that nothing moves when it arrives. */
function Loading() {
  return (
    <div className={styles.page} aria-busy>
      <header className={styles.header}>
        <Skeleton width={260} height={14} />
      </header>
      <div className={styles.tools} />
      <div className={styles.stage} />
      <footer className={styles.status} />
    </div>
  );
}
