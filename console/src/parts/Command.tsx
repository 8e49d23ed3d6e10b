import { makeStyles, tokens } from '@fluentui/react-components';
import { useSeveralSites, useSite } from '../api/queries';
import { commandLine, curlLine, type Intent } from '../api/intent';
import { t } from '../text/t';
import { CopyButton } from './Copy';

const useStyles = makeStyles({
  root: {
    display: 'inline-flex',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: tokens.spacingHorizontalS,
    maxWidth: '100%',
    boxSizing: 'border-box',
    paddingLeft: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground3,
    color: tokens.colorNeutralForeground1,
  },
  code: {
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    overflowWrap: 'anywhere',
    textAlign: 'left',
    paddingBlock: tokens.spacingVerticalXS,
  },
  details: { fontSize: tokens.fontSizeBase200 },
  summary: { cursor: 'pointer', color: tokens.colorNeutralForeground2 },
  lines: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXS,
    paddingTop: tokens.spacingVerticalXS,
  },
});

/** Command is a line for a terminal, with a button that copies it. */
export function Command({ line }: { line: string }) {
  const styles = useStyles();
  return (
    <span className={styles.root}>
      <code className={styles.code}>{line}</code>
      <CopyButton text={line} label={t('Copy the command {line}', { line })} />
    </span>
  );
}

/** SiteCommand is a command for the site in view: where there are several, it says which. */
export function SiteCommand({ cli }: { cli: string[] }) {
  const several = useSeveralSites();
  const site = useSite();
  return <Command line={commandLine(cli, several ? site : undefined)} />;
}

/** Commands shows what does the same as a dialog's button: on the command line, and as the request itself. */
export function Commands({ of: intents }: { of: Intent[] }) {
  const styles = useStyles();
  const site = useSite();
  if (intents.length === 0) return null;
  return (
    <details className={styles.details}>
      <summary className={styles.summary}>{t('The command for this')}</summary>
      <div className={styles.lines}>
        {intents.slice(0, 5).map((one) => (
          <SiteCommand key={one.cli.join(' ')} cli={one.cli} />
        ))}
        {intents.slice(0, 1).map((one) => (
          <Command key="curl" line={curlLine(one, site, location.origin)} />
        ))}
      </div>
    </details>
  );
}
