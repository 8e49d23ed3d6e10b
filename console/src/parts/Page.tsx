import { makeStyles, Spinner, Text, tokens, typographyStyles } from '@fluentui/react-components';
import type { UseQueryResult } from '@tanstack/react-query';
import { Fragment, useEffect, useRef, type ReactNode } from 'react';
import { t } from '../text/t';
import { ErrorNotice } from './ErrorNotice';

const useStyles = makeStyles({
  page: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL, minWidth: 0 },
  heading: { ...typographyStyles.title2, margin: 0, overflowWrap: 'anywhere', ':focus': { outline: 'none' } },
  lead: { color: tokens.colorNeutralForeground3, maxWidth: '75ch', display: 'block' },
  crumbs: {
    listStyle: 'none',
    display: 'flex',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalS,
    margin: 0,
    padding: 0,
  },
  bar: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    paddingBlock: tokens.spacingVerticalXS,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
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

interface PageProps {
  title: string;
  lead?: ReactNode;
  /** The pages above this one, as links. */
  crumbs?: ReactNode[];
  /** The command bar. */
  bar?: ReactNode;
  children: ReactNode;
}

/** Page is a page's frame: its heading, which is announced when the page is reached, and its title. */
export function Page({ title, lead, crumbs, bar, children }: PageProps) {
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
        {crumbs && (
          <nav aria-label={t('Where this page is')}>
            <ol className={styles.crumbs}>
              {crumbs.map((crumb, i) => (
                <li key={`${i + 1}`}>
                  {crumb} <span aria-hidden>›</span>
                </li>
              ))}
            </ol>
          </nav>
        )}
        <h1 ref={heading} tabIndex={-1} className={styles.heading}>
          {title}
        </h1>
        {lead && <Text className={styles.lead}>{lead}</Text>}
      </div>
      {bar && (
        <div role="toolbar" aria-label={t('Commands of this page')} className={styles.bar}>
          {bar}
        </div>
      )}
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
export function Loaded<T>({
  of,
  children,
}: {
  of: Pick<UseQueryResult<T>, 'data' | 'error' | 'isPending'>;
  children: (data: T) => ReactNode;
}) {
  const styles = useStyles();
  return (
    <>
      {of.error && <ErrorNotice error={of.error} />}
      {of.data !== undefined && <Fragment>{children(of.data)}</Fragment>}
      {of.isPending && !of.error && (
        <Spinner className={styles.loading} label={t('Asking the server')} labelPosition="after" />
      )}
    </>
  );
}
