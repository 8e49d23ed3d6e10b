import { Button, Field, Input, Select, Text } from '@fluentui/react-components';
import { AddRegular, ArrowClockwiseRegular, DeleteRegular, PeopleTeamRegular } from '@fluentui/react-icons';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { intent } from '../api/intent';
import { useAsk, useWhyNot } from '../api/queries';
import type { HostView, Pool } from '../api/schema';
import { hostKind } from '../logic/format';
import { inOrder, statuses } from '../logic/status';
import { ActionButton, ActionDialog } from '../parts/Action';
import { DataTable, type Column } from '../parts/DataTable';
import { Filters } from '../parts/Filters';
import { tell } from '../parts/notices';
import { Empty, Loaded, Page } from '../parts/Page';
import { Pager, pageSize } from '../parts/Pager';
import { StatusBadge } from '../parts/StatusBadge';
import { useLayout } from '../parts/styles';
import { Time } from '../parts/Time';
import { To } from '../parts/To';
import { t, tn } from '../text/t';
import { NoHosts } from './FirstSteps';
import { retryOf } from './Standing';

const kindOptions = ['rdsh', 'vdi', 'avd'].map((value) => ({ value, text: hostKind(value) }));

/** Hosts are the session hosts of the site, with what their agents said last. */
export function Hosts() {
  const { search, kind, pool, status, after } = useSearch({ strict: false });
  const hosts = useAsk(
    'listHosts',
    { query: { search, kind, pool, status, after, limit: pageSize, total: true } },
    { keep: true },
  );
  const pools = useAsk('listPools', {}).data?.items ?? [];
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const items = hosts.data?.items ?? [];
  const filtered = [search, kind, pool, status, after].some((value) => value !== undefined);
  return (
    <Page
      title={t('Session hosts')}
      lead={t('Hosts with an agent, and what it said last.')}
      bar={<HostBar chosen={items.filter((h) => ticked.has(h.name))} refresh={() => hosts.refetch()} />}
    >
      <Filters
        search={t('Name')}
        choices={[
          { name: 'kind', label: t('Kind'), all: t('All kinds'), options: kindOptions },
          {
            name: 'pool',
            label: t('Group or pool'),
            all: t('All'),
            options: pools.map((p) => ({ value: p.name, text: p.name })),
          },
          {
            name: 'status',
            label: t('Has a package that is'),
            all: t('Any status'),
            options: statuses.map((s) => ({ value: s, text: s })),
          },
        ]}
      />
      <Loaded of={hosts}>
        {({ next, total }) =>
          items.length > 0 ? (
            <>
              <HostTable items={items} ticked={ticked} setTicked={setTicked} />
              <Pager next={next} total={total} shown={items.length} />
            </>
          ) : filtered ? (
            <Empty title={t('Nothing fits these filters')}>
              <To to="/hosts" search={{}}>
                {t('Show all hosts')}
              </To>
            </Empty>
          ) : (
            <NoHosts />
          )
        }
      </Loaded>
    </Page>
  );
}

function HostBar({ chosen, refresh }: { chosen: HostView[]; refresh: () => Promise<unknown> }) {
  const navigate = useNavigate();
  const not = useWhyNot('contributor');
  const [asking, setAsking] = useState<'retry' | 'pool' | 'remove'>();
  const some = chosen.length === 0 ? t('Choose one or more hosts in the list first.') : undefined;
  const close = () => setAsking(undefined);
  return (
    <>
      <ActionButton
        appearance="subtle"
        icon={<AddRegular />}
        onClick={() => void navigate({ to: '/settings/$id', params: { id: 'agents' } })}
      >
        {t('Enrol a host')}
      </ActionButton>
      <ActionButton
        appearance="subtle"
        icon={<ArrowClockwiseRegular />}
        why={not ?? some}
        onClick={() => setAsking('retry')}
      >
        {t('Try again')}
      </ActionButton>
      <ActionButton
        appearance="subtle"
        icon={<PeopleTeamRegular />}
        why={not ?? some}
        onClick={() => setAsking('pool')}
      >
        {t('Move to a group or pool')}
      </ActionButton>
      <ActionButton appearance="subtle" icon={<DeleteRegular />} why={not ?? some} onClick={() => setAsking('remove')}>
        {t('Remove')}
      </ActionButton>
      <ActionButton
        appearance="subtle"
        icon={<ArrowClockwiseRegular />}
        onClick={() => void refresh().then(() => tell(t('The list is as new as the server knows.')))}
      >
        {t('Refresh')}
      </ActionButton>
      {asking === 'retry' && (
        <ActionDialog
          title={tn(
            chosen.length,
            'Let {n} host try its failed packages again?',
            'Let {n} hosts try their failed packages again?',
          )}
          confirm={t('Try again')}
          intents={chosen.map((h) => retryOf(h.name))}
          close={close}
          done={tn(chosen.length, '{n} host was asked to try again.', '{n} hosts were asked to try again.')}
        />
      )}
      {asking === 'pool' && <PoolDialog hosts={chosen} close={close} />}
      {asking === 'remove' && <RemoveHosts hosts={chosen} close={close} />}
    </>
  );
}

/** PoolDialog moves hosts into a pool of their kind, or out of any. */
export function PoolDialog({ hosts, close }: { hosts: HostView[]; close: () => void }) {
  const pools = useAsk('listPools', {}).data?.items ?? [];
  const kinds = new Set(hosts.map((h) => h.kind));
  const fitting = pools.filter((p) => kinds.size === 1 && kinds.has(p.kind));
  const [pool, setPool] = useState(hosts.length === 1 ? (hosts[0]?.pool ?? '') : '');
  const intents = hosts
    .filter((h) => (h.pool ?? '') !== pool)
    .map((h) =>
      intent('setHostPool', { path: { host: h.name }, body: { pool } }, 'host', 'set', h.name, '--pool', pool),
    );
  return (
    <ActionDialog
      title={t('Move to a group or pool')}
      confirm={t('Move')}
      intents={intents}
      close={close}
      done={tn(intents.length, '{n} host is moved in the draft.', '{n} hosts are moved in the draft.')}
    >
      <Text>
        {hosts
          .map((h) => h.name)
          .slice(0, 10)
          .join(', ')}
      </Text>
      <Field label={t('Group or pool')} hint={t('Only those of the same kind of host can be chosen.')}>
        <Select value={pool} onChange={(_, { value }) => setPool(value)}>
          <option value="">{t('none')}</option>
          {fitting.map((p) => (
            <option key={p.name}>{p.name}</option>
          ))}
        </Select>
      </Field>
    </ActionDialog>
  );
}

/** RemoveHosts forgets hosts, after it named what they still have. */
export function RemoveHosts({ hosts, close, after }: { hosts: HostView[]; close: () => void; after?: () => void }) {
  const layout = useLayout();
  const sessions = (h: HostView) => h.facts.sessions?.length ?? 0;
  return (
    <ActionDialog
      title={tn(hosts.length, 'Remove {n} host from the site?', 'Remove {n} hosts from the site?')}
      confirm={t('Remove')}
      intents={hosts.map((h) => intent('removeHost', { path: { host: h.name } }, 'host', 'remove', h.name))}
      close={close}
      {...(after ? { after } : {})}
      danger
      done={tn(hosts.length, '{n} host was removed.', '{n} hosts were removed.')}
    >
      <Text>
        {t(
          'Their certificates end at once. What they have attached stays until their agents are uninstalled; to come back they must be enrolled again.',
        )}
      </Text>
      <ul className={layout.list}>
        {hosts.slice(0, 10).map((h) => (
          <li key={h.id}>
            {h.name}: {tn(h.facts.packages?.length ?? 0, '{n} package', '{n} packages')},{' '}
            {tn(sessions(h), '{n} session', '{n} sessions')}
          </li>
        ))}
        {hosts.length > 10 && <li>{tn(hosts.length - 10, 'and {n} more', 'and {n} more')}</li>}
      </ul>
    </ActionDialog>
  );
}

interface HostTableProps {
  items: HostView[];
  ticked?: ReadonlySet<string>;
  setTicked?: (ticked: ReadonlySet<string>) => void;
}

/** HostTable lists hosts. */
export function HostTable({ items, ticked, setTicked }: HostTableProps) {
  const layout = useLayout();
  const columns: Column<HostView>[] = [
    {
      name: t('Name'),
      short: true,
      cell: (h) => (
        <To to="/hosts/$id" params={{ id: h.name }}>
          {h.name}
        </To>
      ),
    },
    { name: t('Kind'), cell: (h) => hostKind(h.kind) },
    { name: t('Group or pool'), cell: (h) => (h.pool ? <PoolLink name={h.pool} kind={h.kind} /> : t('none')) },
    {
      name: t('Packages'),
      cell: ({ counts }) => {
        const some = inOrder(counts ?? {});
        return some.length === 0 ? (
          t('none')
        ) : (
          <span className={layout.row}>
            {some.map(({ name, count }) => (
              <span key={name} className={layout.nowrap}>
                {count} <StatusBadge name={name} />
              </span>
            ))}
          </span>
        );
      },
    },
    { name: t('Operating system'), cell: ({ facts }) => facts.os ?? t('not reported yet') },
    {
      name: t('Sessions'),
      cell: ({ facts }) => (
        <span title={facts.sessions?.map((s) => s.user).join(', ')}>{facts.sessions?.length ?? 0}</span>
      ),
    },
    { name: t('Last contact'), short: true, cell: (h) => <Time at={h.lastSeen} /> },
    {
      name: t('Remarks'),
      long: true,
      cell: (h) =>
        [...(h.notices ?? []).map((n) => n.message), ...(h.facts.problems ?? [])].map((line) => (
          <span key={line} className={layout.line}>
            {line}
          </span>
        )),
    },
  ];
  return (
    <DataTable
      label={t('Hosts')}
      columns={columns}
      rows={items}
      rowKey={(h) => h.name}
      bad={(h) => !!h.facts.problems?.length}
      {...(ticked && setTicked ? { ticks: { ticked, set: setTicked, name: (h: HostView) => h.name } } : {})}
    />
  );
}

/** PoolLink leads to a group or pool. */
export function PoolLink({ name, kind }: { name: string; kind: string }) {
  return (
    <To to={kind === 'rdsh' ? '/groups/$id' : '/pools/$id'} params={{ id: name }}>
      {name}
    </To>
  );
}

/** Groups are the collections of RD Session Hosts. */
export function Groups() {
  return (
    <PoolsPage
      title={t('RDSH groups')}
      lead={t('Groups of RD Session Hosts. What a group is given, its hosts inherit.')}
      kinds={['rdsh']}
    />
  );
}

/** Pools are the VDI pools and the AVD host pools. */
export function Pools() {
  return (
    <PoolsPage
      title={t('VDI and AVD pools')}
      lead={t('VDI pools and AVD host pools. What a pool is given, its hosts inherit.')}
      kinds={['vdi', 'avd']}
    />
  );
}

function PoolsPage({ title, lead, kinds }: { title: string; lead: string; kinds: ('rdsh' | 'vdi' | 'avd')[] }) {
  const pools = useAsk('listPools', {});
  const not = useWhyNot('contributor');
  const [asking, setAsking] = useState<'add' | Pool>();
  const close = () => setAsking(undefined);
  const add = (
    <ActionButton appearance="subtle" icon={<AddRegular />} why={not} onClick={() => setAsking('add')}>
      {t('Add')}
    </ActionButton>
  );
  const columns: Column<Pool>[] = [
    { name: t('Name'), cell: (p) => <PoolLink name={p.name} kind={p.kind} /> },
    { name: t('Kind'), cell: (p) => hostKind(p.kind) },
    {
      name: t('List'),
      cell: (p) =>
        p.inherit
          ? t('inherits the site defaults')
          : tn(p.assignments?.length ?? 0, '{n} package of its own', '{n} packages of its own'),
    },
    {
      name: t('Actions'),
      quiet: true,
      cell: (p) => (
        <ActionButton
          size="small"
          appearance="subtle"
          icon={<DeleteRegular />}
          why={not}
          aria-label={t('Delete {what}', { what: p.name })}
          onClick={() => setAsking(p)}
        />
      ),
    },
  ];
  return (
    <Page title={title} lead={lead} bar={add}>
      <Loaded of={pools}>
        {({ items }) => {
          const mine = (items ?? []).filter((p) => (kinds as string[]).includes(p.kind));
          return mine.length > 0 ? (
            <DataTable label={title} columns={columns} rows={mine} rowKey={(p) => p.name} />
          ) : (
            <Empty title={t('There is none yet')}>
              <Text>
                {t('“Add” makes one. Hosts come into it when they are enrolled, or are moved into it later.')}
              </Text>
              <Button
                appearance="primary"
                disabledFocusable={not !== undefined}
                title={not}
                onClick={() => setAsking('add')}
              >
                {t('Make the first one')}
              </Button>
            </Empty>
          );
        }}
      </Loaded>
      {asking === 'add' && <AddPool kinds={kinds} close={close} />}
      {typeof asking === 'object' && <DeletePool of={asking} close={close} />}
    </Page>
  );
}

function AddPool({ kinds, close }: { kinds: ('rdsh' | 'vdi' | 'avd')[]; close: () => void }) {
  const [name, setName] = useState('');
  const [kind, setKind] = useState(kinds[0] ?? 'rdsh');
  const intents =
    name.trim() === ''
      ? []
      : [intent('addPool', { body: { name: name.trim(), kind } }, 'pool', 'add', name.trim(), '--kind', kind)];
  return (
    <ActionDialog
      title={kinds.length === 1 ? t('Add a group') : t('Add a pool')}
      confirm={t('Add')}
      intents={intents}
      close={close}
      done={t('{name} is drafted.', { name })}
    >
      <Field label={t('Name')} required>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      {kinds.length > 1 && (
        <Field label={t('Kind')}>
          <Select value={kind} onChange={(_, { value }) => setKind(kinds.find((k) => k === value) ?? kind)}>
            {kinds.map((k) => (
              <option key={k} value={k}>
                {hostKind(k)}
              </option>
            ))}
          </Select>
        </Field>
      )}
    </ActionDialog>
  );
}

function DeletePool({ of: pool, close }: { of: Pool; close: () => void }) {
  const hosts = useAsk('listHosts', { query: { pool: pool.name, limit: 10, total: true } });
  const n = hosts.data?.total ?? 0;
  return (
    <ActionDialog
      title={t('Delete {what}?', { what: pool.name })}
      confirm={t('Delete')}
      intents={[intent('removePool', { path: { pool: pool.name } }, 'pool', 'remove', pool.name)]}
      close={close}
      danger
      why={n > 0 ? t('Hosts are in it: move them first.') : undefined}
      done={t('The deletion of {what} is drafted.', { what: pool.name })}
    >
      <Text>
        {n === 0
          ? t('No host is in it.')
          : tn(
              n,
              '{n} host is in it and must be moved first: {names}',
              '{n} hosts are in it and must be moved first: {names}',
              {
                names: (hosts.data?.items ?? []).map((h) => h.name).join(', '),
              },
            )}
      </Text>
    </ActionDialog>
  );
}
