import { Button } from "@mantine/core";
import { IconAlertTriangle, IconCloudOff, IconKey, IconMapPinOff } from "@tabler/icons-react";
import { useEffect } from "react";
import { Link } from "react-router";
import { ApiError, isNotFound, isNotSignedIn, Offline } from "../api/client";
import { texts } from "../texts";
import { PageMessage } from "./PageMessage";
import styles from "./QueryProblem.module.css";

const RETRY_MS = 3_000;

/**
 * Whether a failed query takes the place of what it stands for. Where something is shown already and can be lost, such as
 * running uploads, a server that could not answer just now does not; one that refuses, since the person is signed out or
 * the thing is gone, does.
 */
export function takesPlace(query: { isError: boolean; isLoadingError: boolean; error: unknown }): boolean {
  const refused = query.error instanceof ApiError && query.error.status < 500;
  return query.isLoadingError || (query.isError && refused);
}

interface QueryProblemProps {
  error: unknown;
  retry: () => void;
}

/** Why a page has nothing to show: not signed in, offline, not found, or an error. */
export function QueryProblem({ error, retry }: QueryProblemProps) {
  const offline = error instanceof Offline;
  useEffect(() => {
    if (!offline) return;
    const timer = setInterval(retry, RETRY_MS);
    return () => clearInterval(timer);
  }, [offline, retry]);

  const again = <Button onClick={retry}>{texts.tryAgain}</Button>;
  if (isNotSignedIn(error)) {
    return (
      <PageMessage
        icon={<IconKey />}
        title={texts.notSignedInTitle}
        text={texts.notSignedInText}
        actions={again}
      />
    );
  }
  if (offline) {
    return (
      <PageMessage
        icon={<IconCloudOff />}
        title={texts.offlineTitle}
        text={texts.offlineText}
        actions={again}
      />
    );
  }
  if (isNotFound(error)) {
    return (
      <PageMessage
        icon={<IconMapPinOff />}
        title={texts.notFoundTitle}
        text={texts.notFoundText}
        actions={
          <Button component={Link} to="/projects">
            {texts.backToProjects}
          </Button>
        }
      />
    );
  }
  return (
    <PageMessage
      icon={<IconAlertTriangle />}
      title={texts.errorTitle}
      text={messageOf(error)}
      actions={again}
    />
  );
}

/** Why what is shown could not be read again; it stands above that. */
export function OutOfDate({ error, retry }: QueryProblemProps) {
  const reason = error instanceof Offline ? `${texts.offlineTitle}.` : messageOf(error);
  return (
    <div className={styles.outOfDate} role="status" data-testid="out-of-date">
      <IconAlertTriangle size={16} aria-hidden />
      <span>{texts.outOfDate(reason)}</span>
      <Button size="compact-xs" variant="default" onClick={retry}>
        {texts.tryAgain}
      </Button>
    </div>
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
