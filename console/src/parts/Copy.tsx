import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { CheckmarkRegular, CopyRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { t } from '../text/t';
import { useLayout } from './styles';

const useStyles = makeStyles({
  root: { display: 'inline-flex', alignItems: 'center', gap: tokens.spacingHorizontalXXS, maxWidth: '100%' },
});

/** CopyButton puts a text into the clipboard. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <Button
      appearance="subtle"
      size="small"
      icon={copied ? <CheckmarkRegular /> : <CopyRegular />}
      aria-label={copied ? t('Copied') : label}
      title={copied ? t('Copied') : label}
      onClick={() => void copy()}
    />
  );
}

/** Copyable is a path, name or thumbprint with a button that copies it. */
export function Copyable({ text, what }: { text: string; what: string }) {
  const styles = useStyles();
  const layout = useLayout();
  if (text === '') return <>{t('none')}</>;
  return (
    <span className={styles.root}>
      <span className={layout.mono}>{text}</span>
      <CopyButton text={text} label={t('Copy {what}', { what })} />
    </span>
  );
}
