import { Button, Progress } from "@mantine/core";
import { useObservable } from "../../observable";
import { texts } from "../../texts";
import styles from "./ProjectPage.module.css";
import { isOpen, type Upload, type Uploads } from "./uploads";

/** What was dropped or chosen: a bar per file, and a sentence for each that failed. */
export function UploadPanel({ uploads }: { uploads: Uploads }) {
  const list = useObservable(uploads, (state) => state);
  if (list.length === 0) return null;
  const open = list.filter(isOpen).length;
  const failed = list.filter(({ status }) => status === "failed").length;
  const again = list.some(({ status, retriable }) => status === "failed" && retriable);
  return (
    <section className={styles.panel} aria-label={texts.uploads} data-testid="upload-panel">
      <div className={`${styles.panelHead} numbers`}>
        <strong>{texts.uploadsDone(list.length - open - failed, list.length, failed)}</strong>
        {again && (
          <Button size="compact-xs" variant="default" onClick={() => uploads.retryFailed()}>
            {texts.uploadsRetry}
          </Button>
        )}
        {open > 0 ? (
          <Button size="compact-xs" variant="default" onClick={() => uploads.cancel()}>
            {texts.uploadsCancel}
          </Button>
        ) : (
          <Button size="compact-xs" variant="default" onClick={() => uploads.clear()}>
            {texts.uploadsClear}
          </Button>
        )}
      </div>
      <ul className={styles.uploads}>
        {list.map((upload) => (
          <UploadRow key={upload.key} upload={upload} />
        ))}
      </ul>
    </section>
  );
}

const OUTCOME: Record<Exclude<Upload["status"], "sending" | "failed">, string> = {
  waiting: texts.uploadWaiting,
  stored: texts.uploadStored,
  duplicate: texts.uploadDuplicate,
  cancelled: texts.uploadCancelled,
};

function UploadRow({ upload: { file, status, progress, error } }: { upload: Upload }) {
  return (
    <li className={`${styles.upload} numbers`} data-status={status}>
      <span className={styles.name} title={file.name}>
        {file.name}
      </span>
      {status === "failed" ? (
        <span className={styles.error}>{error}</span>
      ) : (
        <>
          <Progress
            value={progress * 100}
            size={5}
            color={status === "stored" ? "teal" : "azure"}
            aria-label={file.name}
          />
          <span className="faint">
            {status === "sending" ? `${Math.round(progress * 100)} %` : OUTCOME[status]}
          </span>
        </>
      )}
    </li>
  );
}
