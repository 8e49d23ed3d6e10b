import { Button, Card, Field, Input, makeStyles, Text, Title2, tokens } from '@fluentui/react-components';
import { useEffect, useState, type SubmitEvent } from 'react';
import { ask } from '../api/ask';
import { toProblem } from '../api/problem';
import { useSession } from '../api/session';
import { Command } from '../parts/Command';
import { ErrorNotice } from '../parts/ErrorNotice';
import { t } from '../text/t';

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

/** An address can carry a token behind its #, which no server and no log sees; it is taken away. One for once is exchanged. */
function tokenOfAddress(): { token: string; once: boolean } {
  const hash = new URLSearchParams(location.hash.slice(1));
  const once = hash.get('once') ?? '';
  const token = once || (hash.get('token') ?? '');
  if (token !== '') history.replaceState(null, '', location.pathname + location.search);
  return { token, once: once !== '' };
}

const given = tokenOfAddress();

const withTokenForOnce = async (token: string) => (await ask('exchangeToken', {}, { token, site: '' })).text;

async function withToken(token: string) {
  await ask('whoami', {}, { token, site: '' });
  return token;
}

/** SignIn asks for a user's password, or for an API token, and keeps the session only if the server agrees. */
export function SignIn() {
  const styles = useStyles();
  const { signIn, ended } = useSession();
  const [byToken, setByToken] = useState(false);
  const [name, setName] = useState('');
  const [secret, setSecret] = useState('');
  const [error, setError] = useState<unknown>(ended);
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    document.title = t('Sign in · Berth');
  }, []);

  const attempt = async (get: () => Promise<string>) => {
    setAsking(true);
    setError(undefined);
    try {
      signIn(await get());
    } catch (refusal) {
      setError(refusal);
    } finally {
      setAsking(false);
    }
  };
  const withPassword = async () => {
    const body = { name: name.trim(), password: secret };
    return (await ask('signIn', { body }, { token: '', site: '' })).text;
  };
  useEffect(() => {
    if (given.token === '' || ended !== undefined) return;
    void attempt(() => (given.once ? withTokenForOnce : withToken)(given.token));
    // Once: what the address gave is used when the page opens.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  const missing = secret.trim() === '' || (!byToken && name.trim() === '');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!missing && !asking) void attempt(byToken ? () => withToken(secret.trim()) : withPassword);
  };
  const turn = () => {
    setByToken(!byToken);
    setSecret('');
    setError(undefined);
  };

  return (
    <main className={styles.root}>
      <Card className={styles.card}>
        <form className={styles.form} onSubmit={submit}>
          <Title2 as="h1" className={styles.heading}>
            {t('Sign in to Berth')}
          </Title2>
          {error !== undefined && <ErrorNotice error={error} />}
          {byToken && toProblem(error).unauthenticated && (
            <Text>
              {t('Paste the whole token, which begins with “bth_”. A token that is lost cannot be shown again.')}
            </Text>
          )}
          {!byToken && (
            <Field label={t('User name')} required>
              <Input
                name="username"
                autoComplete="username"
                autoFocus
                value={name}
                onChange={(_, data) => setName(data.value)}
              />
            </Field>
          )}
          <Field
            key={String(byToken)}
            label={byToken ? t('API token') : t('Password')}
            required
            hint={t('The session is kept in this browser tab only, until you sign out or close the tab.')}
          >
            <Input
              type="password"
              name={byToken ? 'token' : 'password'}
              autoComplete="current-password"
              autoFocus={byToken}
              value={secret}
              onChange={(_, data) => setSecret(data.value)}
            />
          </Field>
          <Button type="submit" appearance="primary" disabledFocusable={asking || missing}>
            {asking ? t('Asking the server') : t('Sign in')}
          </Button>
          <Button appearance="transparent" onClick={turn}>
            {byToken ? t('Use a name and password') : t('Use an API token')}
          </Button>
          <Text className={styles.hint}>
            {t(
              'The server prints the first administrator’s token when it starts for the first time. An owner makes users and more tokens:',
            )}
          </Text>
          <Command line="berth user add NAME --role contributor" />
        </form>
      </Card>
    </main>
  );
}
