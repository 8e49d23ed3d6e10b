import { ago, isTime, local, utc } from '../logic/format';
import { t } from '../text/t';
import { useNow } from './clock';

/** Time says how long ago something was; hovering tells when exactly. */
export function Time({ at, none = t('never') }: { at: string | undefined; none?: string }) {
  const now = useNow();
  if (!isTime(at)) return <>{none}</>;
  return (
    <time dateTime={at} title={both(at)}>
      {ago(at, now)}
    </time>
  );
}

/** Moment is a time as the reader's own clock shows it; hovering tells it in UTC. */
export function Moment({ at, none = t('never') }: { at: string | undefined; none?: string }) {
  if (!isTime(at)) return <>{none}</>;
  return (
    <time dateTime={at} title={utc(at)}>
      {local(at)}
    </time>
  );
}

const both = (at: string) => t('{local} here, {utc}', { local: local(at), utc: utc(at) });
