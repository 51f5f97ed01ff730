import { Button, CloseButton, Kbd, TextInput } from "@mantine/core";
import { type FormEvent, type KeyboardEvent, useState } from "react";
import { texts } from "../../texts";
import styles from "./PageCard.module.css";

interface SkipCardProps {
  onSkip: (reason: string) => void;
  onClose: () => void;
}

/** Why the image is left out: a digit, or a few words. */
export function SkipCard({ onSkip, onClose }: SkipCardProps) {
  const [reason, setReason] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (reason.trim()) onSkip(reason.trim());
  };
  const keyDown = (event: KeyboardEvent): void => {
    const preset = reason === "" ? texts.skipReasons[Number(event.key) - 1] : undefined;
    if (event.key === "Escape") onClose();
    else if (preset) {
      event.preventDefault();
      onSkip(preset);
    }
  };
  return (
    <section className={styles.card} role="dialog" aria-label={texts.skipTitle} onKeyDown={keyDown}>
      <div className={styles.title}>
        <strong>{texts.skipTitle}</strong>
        <CloseButton size="sm" aria-label={texts.cancel} onClick={onClose} />
      </div>
      <form onSubmit={submit}>
        <TextInput
          aria-label={texts.skipReason}
          placeholder={texts.skipReason}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          maxLength={200}
          data-autofocus
          autoFocus
        />
      </form>
      <div className={styles.choices}>
        {texts.skipReasons.map((preset, place) => (
          <Button
            key={preset}
            variant="subtle"
            color="gray"
            size="compact-sm"
            justify="space-between"
            fw={400}
            onClick={() => onSkip(preset)}
            rightSection={<Kbd size="xs">{place + 1}</Kbd>}
          >
            {preset}
          </Button>
        ))}
      </div>
    </section>
  );
}
