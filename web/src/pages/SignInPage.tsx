import { Button, Loader } from "@mantine/core";
import { IconKey, IconLinkOff } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link, Navigate, useNavigate, useSearchParams } from "react-router";
import { api, isNotSignedIn, unwrap } from "../api/client";
import { meQuery } from "../api/queries";
import { Frame } from "../components/Frame";
import { PageMessage } from "../components/PageMessage";
import { QueryProblem } from "../components/QueryProblem";
import { forgetOffline } from "../offline/register";
import { texts } from "../texts";

/** Trades the one-time token of a sign-in link for a session, then goes to the projects. */
export function SignInPage() {
  const [search] = useSearchParams();
  const token = search.get("token");
  return <Frame signedIn={false}>{token ? <UseToken token={token} /> : <WithoutToken />}</Frame>;
}

function UseToken({ token }: { token: string }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { mutate, error } = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/sign-in", { body: { token } })),
    onSuccess: async (me) => {
      queries.clear();
      forgetOffline();
      queries.setQueryData(meQuery().queryKey, me);
      // Replaced, so that going back does not offer a used link.
      await navigate("/projects", { replace: true });
    },
  });
  const sent = useRef(false);
  useEffect(() => {
    // A token works once; a second run of this effect must not spend it again.
    if (sent.current) return;
    sent.current = true;
    mutate();
  }, [mutate]);

  if (error && isNotSignedIn(error)) return <LinkInvalid />;
  if (error) return <QueryProblem error={error} retry={mutate} />;
  return <PageMessage icon={<Loader size="sm" />} title={texts.signInTitle} text={texts.signingIn} />;
}

function LinkInvalid() {
  const me = useQuery(meQuery());
  return (
    <PageMessage
      icon={<IconLinkOff />}
      title={texts.linkInvalidTitle}
      text={me.data ? texts.alreadySignedIn : texts.linkInvalidText}
      actions={
        me.data && (
          <Button component={Link} to="/projects">
            {texts.goToProjects}
          </Button>
        )
      }
    />
  );
}

function WithoutToken() {
  const me = useQuery(meQuery());
  if (me.data) return <Navigate to="/projects" replace />;
  return <PageMessage icon={<IconKey />} title={texts.notSignedInTitle} text={texts.notSignedInText} />;
}
