import { Text } from '@fluentui/react-components';
import { useAsk } from '../api/queries';
import { hostKind } from '../logic/format';
import { Section } from '../parts/Facts';
import { Page } from '../parts/Page';
import { useLayout } from '../parts/styles';
import { Tabs } from '../parts/Tabs';
import { t, tn } from '../text/t';
import { AssignmentList } from './Assignments';
import { PoolLink } from './Farm';

/** Defaults are what the site gives each kind of host. */
export function Defaults() {
  return (
    <Page title={t('Site defaults')} lead={t('What the site gives hosts and pools that have no list of their own.')}>
      <Tabs
        label={t('Kinds of host')}
        tabs={['rdsh', 'vdi', 'avd'].map((kind) => ({
          id: kind,
          name: hostKind(kind),
          content: () => <DefaultsOf key={kind} kind={kind} />,
        }))}
      />
    </Page>
  );
}

function DefaultsOf({ kind }: { kind: string }) {
  const layout = useLayout();
  const hosts = useAsk('listHosts', { query: { kind, limit: 1, total: true } });
  const pools = useAsk('listPools', {});
  const heirs = (pools.data?.items ?? []).filter((p) => p.kind === kind && p.inherit);
  return (
    <div className={layout.column}>
      <AssignmentList holder="defaults" name={kind} />
      <Section title={t('Who inherits it')}>
        <Text>
          {tn(hosts.data?.total ?? 0, 'There is {n} host of this kind.', 'There are {n} hosts of this kind.')}{' '}
          {t('Those in no pool and without a list of their own inherit this one, as do these pools:')}
        </Text>
        {heirs.length === 0 ? (
          <Text>{t('none')}</Text>
        ) : (
          <ul className={layout.list}>
            {heirs.map((p) => (
              <li key={p.name}>
                <PoolLink name={p.name} kind={p.kind} />
              </li>
            ))}
          </ul>
        )}
      </Section>
    </div>
  );
}
