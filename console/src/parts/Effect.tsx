import { MessageBar, MessageBarBody, Spinner, Text } from '@fluentui/react-components';
import type { Intent } from '../api/intent';
import { useRehearsal } from '../api/queries';
import { tn, t } from '../text/t';
import { ErrorNotice } from './ErrorNotice';

const named = 8;

/** Effect says on which hosts a write would change something, once it is applied: the server tries it, and takes it back. */
export function Effect({ of: intent }: { of: Intent }) {
  const { data: p, error } = useRehearsal(intent);
  if (error) return <ErrorNotice error={error} />;
  if (!p) return <Spinner size="tiny" label={t('Asking the server what it would change')} labelPosition="after" />;
  if (p.hostCount === 0) return <Text>{t('On no host does anything change by it.')}</Text>;
  const hosts = (p.hosts ?? []).slice(0, named).map((h) => h.host);
  return (
    <MessageBar intent="warning" layout="multiline">
      <MessageBarBody>
        {tn(
          p.hostCount,
          'Once it is applied, something changes on {n} host: {names}.',
          'Once it is applied, something changes on {n} hosts: {names}.',
          { names: hosts.join(', ') + (p.hostCount > hosts.length ? ', …' : '') },
        )}{' '}
        {t('Sessions keep what they use until they end.')}
      </MessageBarBody>
    </MessageBar>
  );
}
