import { Title } from "@mantine/core";
import type { ReactNode } from "react";
import styles from "./PageMessage.module.css";

interface PageMessageProps {
  icon: ReactNode;
  title: string;
  text: string;
  actions?: ReactNode;
}

/** A whole page's or panel's state as a sentence that says what to do. */
export function PageMessage({ icon, title, text, actions }: PageMessageProps) {
  return (
    <section className={styles.message} role="status">
      <div className={styles.icon} aria-hidden>
        {icon}
      </div>
      <Title order={2} size="h4">
        {title}
      </Title>
      <p className={styles.text} style={{ margin: 0 }}>
        {text}
      </p>
      {actions && <div className={styles.actions}>{actions}</div>}
    </section>
  );
}
