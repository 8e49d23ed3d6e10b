import { makeStyles, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { toProblem } from '../api/problem';
import { fieldWords } from '../logic/change';
import { local } from '../logic/format';
import { t } from '../text/t';
import { CopyButton } from './Copy';

const useStyles = makeStyles({
  // Long paths and codes break anywhere rather than push the page wide.
  body: { overflowWrap: 'anywhere', paddingBlock: '6px' },
  line: { display: 'block' },
});

/** ErrorNotice shows what happened, where, why and what to do, in the server's words. */
export function ErrorNotice({ error, action }: { error: unknown; action?: ReactNode }) {
  const styles = useStyles();
  const { title, detail, more } = toProblem(error);
  return (
    <MessageBar intent="error" layout="multiline" role="alert">
      <MessageBarBody className={styles.body}>
        <MessageBarTitle>{title}</MessageBarTitle>
        <span className={styles.line}>{detail}</span>
        {more.field && <span className={styles.line}>{t('Field: {field}', { field: more.field })}</span>}
        {more.code && <span className={styles.line}>{t('Code: {code}', { code: more.code })}</span>}
        {more.remedy && <span className={styles.line}>{t('What to do: {remedy}', { remedy: more.remedy })}</span>}
        {more.meanwhile?.map((m) => (
          <span key={m.at + m.action} className={styles.line}>
            {t('{who} changed this at {at} ({action}): {what}', {
              who: m.by,
              at: local(m.at),
              action: m.action,
              what: fieldWords(m.changes ?? []),
            })}
          </span>
        ))}
        {more.status === 412 && (
          <span className={styles.line}>
            {t('What you typed is still here. The page shows the newest state; look at it, then save again.')}
          </span>
        )}
        {more.requestId && (
          <span className={styles.line}>
            {t('Request: {id}', { id: more.requestId })}{' '}
            <CopyButton text={more.requestId} label={t('Copy {what}', { what: t('the id of the request') })} />
          </span>
        )}
      </MessageBarBody>
      {action && <MessageBarActions>{action}</MessageBarActions>}
    </MessageBar>
  );
}
