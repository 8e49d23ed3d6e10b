import { makeStyles, tokens } from '@fluentui/react-components';
import { t } from '../text/t';
import { CopyButton } from './Copy';

const useStyles = makeStyles({
  root: { position: 'relative', minWidth: 0 },
  pre: {
    margin: 0,
    padding: tokens.spacingHorizontalM,
    maxHeight: '32rem',
    overflow: 'auto',
    backgroundColor: tokens.colorNeutralBackground3,
    borderRadius: tokens.borderRadiusMedium,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
  },
  copy: { position: 'absolute', top: '4px', right: '4px' },
});

/** JSONView shows a document as it stands. */
export function JSONView({ value, label }: { value: unknown; label: string }) {
  const s = useStyles();
  const text = JSON.stringify(value, null, 2);
  return (
    <div className={s.root}>
      {/* A region that scrolls can be reached, so that it can be scrolled by keys. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={s.pre} role="region" aria-label={label} tabIndex={0}>
        {text}
      </pre>
      <span className={s.copy}>
        <CopyButton text={text} label={t('Copy the JSON')} />
      </span>
    </div>
  );
}
