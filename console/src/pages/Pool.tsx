import { Text } from '@fluentui/react-components';
import { useParams } from '@tanstack/react-router';
import { useAsk, useSites, useSite } from '../api/queries';
import type { Pool as PoolOf } from '../api/schema';
import { hostKind } from '../logic/format';
import { Command } from '../parts/Command';
import { Copyable } from '../parts/Copy';
import { Facts, Section } from '../parts/Facts';
import { Empty, Loaded, Page } from '../parts/Page';
import { Pager, pageSize } from '../parts/Pager';
import { useLayout } from '../parts/styles';
import { Tabs } from '../parts/Tabs';
import { To } from '../parts/To';
import { t } from '../text/t';
import { AssignmentList } from './Assignments';
import { AuditList } from './Audit';
import { HostTable } from './Farm';

/** Pool is one group of RD Session Hosts, or one pool. */
export function Pool() {
  const { id = '' } = useParams({ strict: false });
  const pools = useAsk('listPools', {});
  const group = location.pathname.startsWith('/groups');
  return (
    <Page
      title={id}
      crumbs={[
        <To key="p" to={group ? '/groups' : '/pools'}>
          {group ? t('RDSH groups') : t('VDI and AVD pools')}
        </To>,
      ]}
    >
      <Loaded of={pools}>
        {({ items }) => {
          const pool = items?.find((p) => p.name.toLowerCase() === id.toLowerCase());
          return pool ? (
            <Parts of={pool} />
          ) : (
            <Empty title={t('There is no such group or pool')}>
              <To to={group ? '/groups' : '/pools'}>{t('Show all')}</To>
            </Empty>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Parts({ of: pool }: { of: PoolOf }) {
  return (
    <Tabs
      label={t('Properties')}
      tabs={[
        {
          id: 'packages',
          name: t('Application packages'),
          content: () => (
            <AssignmentList holder="pools" name={pool.name} above={{ holder: 'defaults', name: pool.kind }} />
          ),
        },
        { id: 'hosts', name: pool.kind === 'rdsh' ? t('Members') : t('Hosts'), content: () => <Members of={pool} /> },
        ...(pool.kind === 'avd' ? [{ id: 'azure', name: t('Azure'), content: () => <Azure of={pool} /> }] : []),
        { id: 'activity', name: t('Activity'), content: () => <AuditList kind="pool" objectKey={pool.name} /> },
      ]}
    />
  );
}

function Members({ of: pool }: { of: PoolOf }) {
  const hosts = useAsk('listHosts', { query: { pool: pool.name, limit: pageSize, total: true } });
  return (
    <Loaded of={hosts}>
      {({ items, next, total }) =>
        items?.length ? (
          <>
            <HostTable items={items} />
            <Pager next={next} total={total} shown={items.length} />
          </>
        ) : (
          <Empty title={t('No host is in it')}>
            <Text>
              {t('Move one into it from the list of')} <To to="/hosts">{t('hosts')}</To>
              {t(', or enrol hosts with a key of this pool:')}{' '}
              <To to="/settings/$id" params={{ id: 'agents' }}>
                {t('enrolment keys')}
              </To>
              .
            </Text>
          </Empty>
        )
      }
    </Loaded>
  );
}

/** Azure tells how Azure's clients name a pool, with a request that can be tried at once. */
function Azure({ of: pool }: { of: PoolOf }) {
  const layout = useLayout();
  const site = useSite();
  const sites = useSites().data?.items ?? [];
  const subscription = sites.find((s) => s.name === site)?.subscriptionId ?? '';
  const id = `/subscriptions/${subscription}/resourceGroups/${site}/providers/Microsoft.DesktopVirtualization/hostPools/${pool.name}`;
  return (
    <div className={layout.column}>
      <Facts
        rows={[
          [t('Kind'), hostKind(pool.kind)],
          [t('Resource id'), <Copyable key="i" text={id} what={t('the resource id')} />],
          [t('Subscription'), <Copyable key="s" text={subscription} what={t('the subscription id')} />],
          [t('Resource group'), site],
        ]}
      />
      <Section title={t('A request to try')}>
        <Command
          line={`curl -H "Authorization: Bearer $BERTH_TOKEN" '${location.origin}${id}/msixPackages?api-version=2024-04-03'`}
        />
      </Section>
    </div>
  );
}
