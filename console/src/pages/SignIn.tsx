import { Button, Card, Field, Input, makeStyles, Text, Title2, tokens } from '@fluentui/react-components';
import { useEffect, useState, type SubmitEvent } from 'react';
import { call } from '../api/client';
import { toProblem } from '../api/problem';
import { useSession } from '../api/session';
import type { Who } from '../api/types';
import { Command } from '../parts/Command';
import { ErrorNotice } from '../parts/ErrorNotice';

const useStyles = makeStyles({
  root: {
    display: 'grid',
    placeItems: 'center',
    minHeight: '100vh',
    padding: tokens.spacingHorizontalL,
    boxSizing: 'border-box',
  },
  card: { width: '100%', maxWidth: '28rem', padding: tokens.spacingVerticalXXL, boxSizing: 'border-box' },
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL },
  heading: { margin: 0 },
  hint: { color: tokens.colorNeutralForeground3 },
});

/** SignIn asks for an API token and keeps it only if the server knows it. */
export function SignIn() {
  const styles = useStyles();
  const { signIn, ended } = useSession();
  const [token, setToken] = useState('');
  const [error, setError] = useState<unknown>(ended);
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    document.title = 'Sign in · Berth';
  }, []);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const typed = token.trim();
    if (typed === '' || asking) return;
    setAsking(true);
    setError(undefined);
    try {
      await call<Who>('/whoami', { token: typed });
      signIn(typed);
    } catch (refusal) {
      setError(refusal);
    } finally {
      setAsking(false);
    }
  };

  return (
    <main className={styles.root}>
      <Card className={styles.card}>
        <form className={styles.form} onSubmit={(event) => void submit(event)}>
          <Title2 as="h1" className={styles.heading}>
            Sign in to Berth
          </Title2>
          {error !== undefined && <ErrorNotice error={error} />}
          {toProblem(error).unauthenticated && (
            <Text>Paste the whole token, which begins with “bth_”. A token that is lost cannot be shown again.</Text>
          )}
          <Field
            label="API token"
            required
            hint="It is kept in this browser tab only, until you sign out or close the tab."
          >
            <Input
              type="password"
              name="token"
              autoComplete="current-password"
              autoFocus
              value={token}
              onChange={(_, data) => setToken(data.value)}
            />
          </Field>
          <Button type="submit" appearance="primary" disabledFocusable={asking || token.trim() === ''}>
            {asking ? 'Asking the server' : 'Sign in'}
          </Button>
          <Text className={styles.hint}>
            The server prints the first administrator’s token when it starts for the first time. An owner makes more:
          </Text>
          <Command line="berth token create NAME --role reader" />
        </form>
      </Card>
    </main>
  );
}
