import { makeStyles, Spinner, Text, tokens, typographyStyles } from '@fluentui/react-components';
import type { UseQueryResult } from '@tanstack/react-query';
import { useEffect, useRef, type ReactNode } from 'react';
import { ErrorNotice } from './ErrorNotice';

const useStyles = makeStyles({
  page: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL, minWidth: 0 },
  heading: { ...typographyStyles.title2, margin: 0, ':focus': { outline: 'none' } },
  lead: { color: tokens.colorNeutralForeground3, maxWidth: '70ch' },
  empty: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: tokens.spacingVerticalM,
    padding: tokens.spacingVerticalXXL,
    borderRadius: tokens.borderRadiusLarge,
    border: `1px dashed ${tokens.colorNeutralStroke1}`,
  },
  emptyTitle: { margin: 0, fontSize: tokens.fontSizeBase400, lineHeight: tokens.lineHeightBase400 },
  loading: { padding: tokens.spacingVerticalXXL, alignSelf: 'flex-start' },
});

let first = true; // the browser itself announces the page that was loaded

/** Page is a page's frame: its heading, which is announced when the page is reached, and its title. */
export function Page({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  const styles = useStyles();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Berth`;
    if (!first) heading.current?.focus();
    first = false;
  }, [title]);
  return (
    <div className={styles.page}>
      <div>
        <h1 ref={heading} tabIndex={-1} className={styles.heading}>
          {title}
        </h1>
        {lead && <Text className={styles.lead}>{lead}</Text>}
      </div>
      {children}
    </div>
  );
}

/** Empty says that there is nothing, and what the next step is. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  const styles = useStyles();
  return (
    <div className={styles.empty}>
      <h2 className={styles.emptyTitle}>{title}</h2>
      {children}
    </div>
  );
}

/** Loaded shows an answer; until there is one a spinner, and on failure the problem above what is still known. */
export function Loaded<T>({ of, children }: { of: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  const styles = useStyles();
  return (
    <>
      {of.error && <ErrorNotice error={of.error} />}
      {of.data !== undefined && children(of.data)}
      {of.isPending && !of.error && (
        <Spinner className={styles.loading} label="Asking the server" labelPosition="after" />
      )}
    </>
  );
}
