import { CloseButton, Kbd, TextInput } from "@mantine/core";
import { type KeyboardEvent, useMemo, useState } from "react";
import type { Annotation } from "../../annotation/annotation";
import { texts } from "../../texts";
import { Key } from "./Key";
import styles from "./PageCard.module.css";

interface LabelCardProps {
  annotation: Annotation;
  onClose: () => void;
}

/** The project's labels, to be searched by typing; arrows and Enter choose. */
export function LabelCard({ annotation, onClose }: LabelCardProps) {
  const [search, setSearch] = useState("");
  const [place, setPlace] = useState(0);
  const found = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return annotation.labels
      .map((label, index) => ({ ...label, index }))
      .filter(({ name }) => name.toLowerCase().includes(wanted));
  }, [annotation.labels, search]);
  const choose = (name: string | null): void => {
    annotation.label(name);
    onClose();
  };
  const keyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") onClose();
    else if (event.key === "Enter" && found[place]) choose(found[place].name);
    else if (event.key === "ArrowDown") setPlace(Math.min(place + 1, found.length - 1));
    else if (event.key === "ArrowUp") setPlace(Math.max(place - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <section className={styles.card} role="dialog" aria-label={texts.labelTitle} onKeyDown={keyDown}>
      <div className={styles.title}>
        <strong>{texts.labelTitle}</strong>
        <CloseButton size="sm" aria-label={texts.cancel} onClick={onClose} />
      </div>
      {annotation.labels.length === 0 ? (
        <p className={styles.hint}>{texts.noLabelsText}</p>
      ) : (
        <>
          <TextInput
            aria-label={texts.searchLabels}
            placeholder={texts.searchLabels}
            value={search}
            onChange={(event) => {
              setSearch(event.currentTarget.value);
              setPlace(0);
            }}
            autoFocus
          />
          <div className={styles.choices} role="listbox" aria-label={texts.labelTitle}>
            {found.map(({ name, colour, index }, at) => (
              <button
                key={name}
                type="button"
                role="option"
                aria-selected={at === place}
                className={styles.choice}
                onClick={() => choose(name)}
              >
                <span className={styles.swatch} style={{ background: colour }} />
                <span className={styles.name}>{name}</span>
                {index < 9 && <Kbd size="xs">{index + 1}</Kbd>}
              </button>
            ))}
            {found.length === 0 && <p className={styles.hint}>{texts.noLabelFound}</p>}
            <button type="button" className={styles.choice} onClick={() => choose(null)}>
              <span className={styles.swatch} data-empty />
              <span className={styles.name}>{texts.noLabel}</span>
              <Key name="noLabel" />
            </button>
          </div>
        </>
      )}
    </section>
  );
}
