import {
  Button,
  DrawerBody,
  DrawerHeader,
  DrawerHeaderTitle,
  makeStyles,
  OverlayDrawer,
  Text,
  tokens,
} from '@fluentui/react-components';
import { DismissRegular } from '@fluentui/react-icons';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Search } from '../logic/search';
import { intent } from '../api/intent';
import { useRun, useSettings, useWhyNot } from '../api/queries';
import type { HostPackage } from '../api/schema';
import { retries } from '../logic/status';
import { why } from '../logic/why';
import { ActionButton } from '../parts/Action';
import { Commands } from '../parts/Command';
import { CopyButton } from '../parts/Copy';
import { ErrorNotice } from '../parts/ErrorNotice';
import { Facts, Section } from '../parts/Facts';
import { useReturnFocus } from '../parts/focus';
import { tell } from '../parts/notices';
import { StatusBadge } from '../parts/StatusBadge';
import { useLayout } from '../parts/styles';
import { Time } from '../parts/Time';
import { To } from '../parts/To';
import { t, tn } from '../text/t';

const useStyles = makeStyles({
  drawer: { maxWidth: '100vw' },
  body: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalL,
    overflowWrap: 'anywhere',
    paddingBottom: tokens.spacingVerticalXXL,
  },
});

/** retryOf lets a host try its failed packages again at once. */
export const retryOf = (host: string) => intent('retryHost', { path: { host } }, 'host', 'retry', host);

/** Retry is the button for it; it is there only where trying again can help. */
export function Retry({ row }: { row: HostPackage }) {
  const run = useRun();
  const not = useWhyNot('contributor');
  if (!retries(row.status.name)) return null;
  const ask = () =>
    run.mutate([retryOf(row.host)], { onSuccess: () => tell(t('{host} was asked to try again.', { host: row.host })) });
  return (
    <>
      {run.error && <ErrorNotice error={run.error} />}
      <ActionButton
        size="small"
        why={not}
        disabledFocusable={run.isPending}
        onClick={ask}
        aria-label={t('Try again on {host}', { host: row.host })}
      >
        {t('Try again')}
      </ActionButton>
    </>
  );
}

/** Cause tells why, with the platform's code, what to do, and the button for it where a button can help. */
export function Cause({ row }: { row: HostPackage }) {
  const layout = useLayout();
  const { cause, code, symbol, meaning, remedy } = row.status;
  return (
    <>
      <span className={layout.line}>{cause}</span>
      {code && (
        <span className={layout.mono}>
          {code} {symbol} <CopyButton text={code} label={t('Copy {what}', { what: code })} />
        </span>
      )}
      {meaning && <Text className={layout.line}>{meaning}</Text>}
      {remedy && <Text className={layout.line}>{t('What to do: {remedy}', { remedy })}</Text>}
      <Retry row={row} />
    </>
  );
}

/** Standing is a side panel about one package on one host: status, cause, cure, and why it is there at all. */
export function Standing({ row, asked }: { row: HostPackage | undefined; asked: string | undefined }) {
  const styles = useStyles();
  const layout = useLayout();
  const navigate = useNavigate();
  const tags = useSettings().data?.tags;
  useReturnFocus(asked !== undefined);
  const [last, setLast] = useState(row);
  if (row !== undefined && row !== last) setLast(row);
  const close = () => void navigate({ to: '.', search: (before: Search) => ({ ...before, key: undefined }) });
  const shown = row ?? last;
  return (
    <OverlayDrawer
      className={styles.drawer}
      position="end"
      size="medium"
      open={asked !== undefined}
      onOpenChange={(_, { open }) => open || close()}
    >
      <DrawerHeader>
        <DrawerHeaderTitle
          heading={{ as: 'h2' }}
          action={<Button appearance="subtle" aria-label={t('Close')} icon={<DismissRegular />} onClick={close} />}
        >
          {shown ? t('{name} on {host}', { name: shown.displayName, host: shown.host }) : t('No such row')}
        </DrawerHeaderTitle>
      </DrawerHeader>
      <DrawerBody className={styles.body} tabIndex={0} role="region" aria-label={t('Details')}>
        {!shown && <Text>{t('This package is not on that host any more, or not on this page of the list.')}</Text>}
        {shown && (
          <>
            <Facts
              rows={[
                [t('Status'), <StatusBadge key="s" name={shown.status.name} />],
                [t('Since'), <Time key="t" at={shown.status.since} none={t('not known')} />],
                [t('Version'), shown.version ?? t('none')],
                [t('Sessions'), tn(shown.sessions, '{n} session has it registered', '{n} sessions have it registered')],
              ]}
            />
            <Section title={t('Cause and cure')}>
              <div>
                <Cause row={shown} />
              </div>
              {retries(shown.status.name) && <Commands of={[retryOf(shown.host)]} />}
            </Section>
            <Section title={t('Why it is there')}>
              {shown.row ? (
                <ul className={layout.list}>
                  {why(shown.row, tags).map((line) => (
                    <li key={line}>{line}</li>
                  ))}
                </ul>
              ) : (
                <Text>{t('It is not assigned any more; the host still has it.')}</Text>
              )}
            </Section>
            <span className={layout.row}>
              <To to="/hosts/$id" params={{ id: shown.host }} search={{ tab: 'packages' }}>
                {t('Go to the host')}
              </To>
              {shown.fullName && (
                <To to="/packages/$id" params={{ id: shown.fullName }}>
                  {t('Go to the package')}
                </To>
              )}
            </span>
          </>
        )}
      </DrawerBody>
    </OverlayDrawer>
  );
}
