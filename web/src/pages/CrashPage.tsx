import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { PageMessage } from "../components/PageMessage";
import { texts } from "../texts";

/** Shown when a page throws; what was saved is on the server. */
export function CrashPage() {
  return (
    <PageMessage
      icon={<IconAlertTriangle />}
      title={texts.errorTitle}
      text={texts.crashText}
      actions={<Button onClick={() => window.location.reload()}>{texts.reload}</Button>}
    />
  );
}
