import { Button, Group, Kbd, Modal, Title } from "@mantine/core";
import { useEffect, useState } from "react";
import { ACTION_NAMES, ACTIONS, type ActionName } from "../../annotation/actions";
import { chordOf, isBindable, spoken } from "../../annotation/chords";
import { keymap } from "../../annotation/keymap";
import { tour } from "../../annotation/tour";
import { useObservable } from "../../observable";
import { texts } from "../../texts";
import styles from "./KeysSheet.module.css";

interface KeysSheetProps {
  opened: boolean;
  onClose: () => void;
}

const GROUPS = Object.keys(texts.keyGroups) as (keyof typeof texts.keyGroups)[];

/** Every key and what it does; a click on a key changes it. */
export function KeysSheet({ opened, onClose }: KeysSheetProps) {
  const chosen = useObservable(keymap, (keys) => keys);
  const [changing, setChanging] = useState<ActionName | null>(null);
  const [taken, setTaken] = useState("");
  useEffect(() => {
    if (!changing) return;
    const listeners = new AbortController();
    const take = (event: KeyboardEvent): void => {
      event.preventDefault();
      event.stopPropagation();
      if (!isBindable(event)) return;
      setChanging(null);
      if (event.key === "Escape" && changing !== "drop") return;
      const chord = chordOf(event);
      const robbed = keymap.choose(changing, chord);
      setTaken(robbed ? texts.keyTaken(spoken(chord), texts.actions[robbed]) : "");
    };
    window.addEventListener("keydown", take, { signal: listeners.signal, capture: true });
    return () => listeners.abort();
  }, [changing]);
  const close = (): void => {
    setChanging(null);
    setTaken("");
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title={texts.keysTitle} size={820} closeOnEscape={!changing}>
      <div className={styles.groups}>
        {GROUPS.map((group) => (
          <section key={group}>
            <Title order={3} size="h6">
              {texts.keyGroups[group]}
            </Title>
            <div className={styles.rows}>
              {texts.pointerKeys[group].map(([keys, text]) => (
                <div key={text} className={styles.row}>
                  <span>{text}</span>
                  <span className={styles.pointer}>{keys}</span>
                </div>
              ))}
              {ACTION_NAMES.filter((name) => ACTIONS[name].group === group).map((name) => (
                <KeyRow key={name} name={name} changing={changing === name} onChange={setChanging} />
              ))}
            </div>
          </section>
        ))}
      </div>
      <Group justify="space-between" mt="xs">
        <span className="faint" role="status">
          {taken || texts.keysHint}
        </span>
        <Button
          size="compact-sm"
          variant="subtle"
          onClick={() => {
            tour.again();
            close();
          }}
        >
          {texts.tourAgain}
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          disabled={Object.keys(chosen).length === 0}
          onClick={() => keymap.reset()}
        >
          {texts.resetKeys}
        </Button>
      </Group>
    </Modal>
  );
}

interface KeyRowProps {
  name: ActionName;
  changing: boolean;
  onChange: (name: ActionName) => void;
}

function KeyRow({ name, changing, onChange }: KeyRowProps) {
  const keys = keymap.keysOf(name);
  return (
    <div className={styles.row}>
      <span>{texts.actions[name]}</span>
      <button
        type="button"
        className={styles.keys}
        aria-label={texts.changeKey(texts.actions[name], keymap.shown(name))}
        onClick={() => onChange(name)}
      >
        {changing && <span className={styles.waiting}>{texts.pressKey}</span>}
        {!changing &&
          keys.map((key) => (
            <Kbd key={key} size="xs">
              {spoken(key)}
            </Kbd>
          ))}
        {!changing && keys.length === 0 && <span className="faint">–</span>}
      </button>
    </div>
  );
}
