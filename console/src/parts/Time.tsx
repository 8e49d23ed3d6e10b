import { ago, isTime, local, utc } from '../logic/format';
import { useNow } from './clock';

/** Time says how long ago something was; hovering tells when exactly. */
export function Time({ at, none = 'never' }: { at: string | undefined; none?: string }) {
  const now = useNow();
  if (!isTime(at)) return <>{none}</>;
  return (
    <time dateTime={at} title={`${local(at)} here, ${utc(at)}`}>
      {ago(at, now)}
    </time>
  );
}
