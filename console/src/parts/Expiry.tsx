import { Badge } from '@fluentui/react-components';
import { day, expiry, utc } from '../logic/format';
import { t } from '../text/t';
import { useNow } from './clock';
import { useLayout } from './styles';

/** Expiry is the last day of a certificate, with a word where that is near or past. */
export function Expiry({ notAfter }: { notAfter?: string | undefined }) {
  const layout = useLayout();
  const now = useNow();
  if (!notAfter) return <>{t('not signed')}</>;
  const state = expiry(notAfter, now);
  return (
    <>
      <time dateTime={notAfter} title={utc(notAfter)} className={layout.nowrap}>
        {day(notAfter)}
      </time>
      {state !== 'fine' && (
        <>
          {' '}
          <Badge appearance="tint" color={state === 'expired' ? 'danger' : 'warning'}>
            {state === 'expired' ? t('expired') : t('soon')}
          </Badge>
        </>
      )}
    </>
  );
}
