import { makeStyles, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { toProblem } from '../api/problem';

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
        {more.field && <span className={styles.line}>Field: {more.field}</span>}
        {more.code && <span className={styles.line}>Code: {more.code}</span>}
        {more.remedy && <span className={styles.line}>What to do: {more.remedy}</span>}
        {more.requestId && <span className={styles.line}>Request: {more.requestId}</span>}
      </MessageBarBody>
      {action && <MessageBarActions>{action}</MessageBarActions>}
    </MessageBar>
  );
}
