import { ActionIcon, Menu, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconLogout, IconMoon, IconSun, IconUserCircle } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link, NavLink, useNavigate } from "react-router";
import { api, unwrap } from "../api/client";
import { meQuery } from "../api/queries";
import { forgetOffline } from "../offline/register";
import { texts } from "../texts";
import styles from "./Frame.module.css";

interface FrameProps {
  children: ReactNode;
  /** False on the sign-in page: asking who somebody is would only be refused there. */
  signedIn?: boolean;
}

/** The header and the column that every page but the annotation page has. */
export function Frame({ children, signedIn = true }: FrameProps) {
  const me = useQuery({ ...meQuery(), enabled: signedIn });
  return (
    <div className={styles.frame}>
      <header className={styles.header}>
        <Link to="/projects" className={styles.brand}>
          <img src="/favicon.svg" alt="" width={22} height={22} />
          {texts.product}
        </Link>
        {signedIn && (
          <nav className={styles.nav} aria-label={texts.product}>
            <NavLink to="/projects">{texts.projects}</NavLink>
            <NavLink to="/models">{texts.models}</NavLink>
          </nav>
        )}
        <div className={styles.spacer} />
        <ColourSchemeButton />
        {me.data && <PersonMenu name={me.data.name} />}
      </header>
      <main className={styles.main}>{children}</main>
    </div>
  );
}

export function ColourSchemeButton() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("dark");
  const label = scheme === "dark" ? texts.lightMode : texts.darkMode;
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}>
        {scheme === "dark" ? <IconSun size={17} /> : <IconMoon size={17} />}
      </ActionIcon>
    </Tooltip>
  );
}

function PersonMenu({ name }: { name: string }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const signOut = async (): Promise<void> => {
    await unwrap(api.POST("/api/v1/sign-out"));
    queries.clear();
    forgetOffline();
    await navigate("/sign-in");
  };
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon aria-label={name}>
          <IconUserCircle size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{name}</Menu.Label>
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => void signOut()}>
          {texts.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
