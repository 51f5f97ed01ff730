import { Kbd, Modal, Title } from "@mantine/core";
import { KEY_HELP } from "../../annotation/keys";
import { texts } from "../../texts";
import styles from "./KeysSheet.module.css";

interface KeysSheetProps {
  opened: boolean;
  onClose: () => void;
}

export function KeysSheet({ opened, onClose }: KeysSheetProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={texts.keysTitle} size={780}>
      <div className={styles.groups}>
        {KEY_HELP.map((group) => (
          <section key={group.title}>
            <Title order={3} size="h6">
              {group.title}
            </Title>
            <div className={styles.rows}>
              {group.rows.map(({ keys, text }) => (
                <div key={text} className={styles.row}>
                  <span>{text}</span>
                  <span className={styles.keys}>
                    {keys.map((key) => (
                      <Kbd key={key} size="xs">
                        {key}
                      </Kbd>
                    ))}
                  </span>
                </div>
              ))}
            </div>
          </section>
        ))}
      </div>
    </Modal>
  );
}
