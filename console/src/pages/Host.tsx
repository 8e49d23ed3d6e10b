import { Button, MessageBar, MessageBarBody, Text } from '@fluentui/react-components';
import {
  ArrowClockwiseRegular,
  CertificateRegular,
  DeleteRegular,
  PeopleTeamRegular,
  PlugConnectedCheckmarkRegular,
} from '@fluentui/react-icons';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { Search } from '../logic/search';
import { intent } from '../api/intent';
import { useAsk, useSettings, useWhyNot } from '../api/queries';
import type { CachedImage, CacheFacts, Forecast, HostPackage, HostView } from '../api/schema';
import { bytes, hostKind } from '../logic/format';
import { mood } from '../logic/status';
import { levelName } from '../logic/why';
import { ActionButton, ActionDialog } from '../parts/Action';
import { Copyable } from '../parts/Copy';
import { DataTable, type Column } from '../parts/DataTable';
import { Facts, Section } from '../parts/Facts';
import { Empty, Loaded, Page } from '../parts/Page';
import { StatusBadge } from '../parts/StatusBadge';
import { useLayout } from '../parts/styles';
import { Tabs } from '../parts/Tabs';
import { Moment, Time } from '../parts/Time';
import { To } from '../parts/To';
import { t, tn } from '../text/t';
import { AssignmentList } from './Assignments';
import { AuditList } from './Audit';
import { PoolDialog, PoolLink, RemoveHosts } from './Farm';
import { PackageName } from './Matrix';
import { PreflightDialog } from './Preflight';
import { Cause, retryOf, Standing } from './Standing';
import { TimingsOfHost } from './Timings';

/** Host is one session host. */
export function Host() {
  const { id } = useParams({ from: '/hosts/$id' });
  const found = useAsk('getHost', { path: { host: id } });
  return (
    <Page
      title={found.data?.name ?? id}
      crumbs={[
        <To key="h" to="/hosts">
          {t('Session hosts')}
        </To>,
      ]}
      bar={found.data && <Bar of={found.data} />}
    >
      <Loaded of={found}>
        {(h) => (
          <>
            {h.notices?.map((n) => (
              <MessageBar key={n.code} intent="warning" layout="multiline">
                <MessageBarBody>
                  {n.message} {n.remedy && t('What to do: {remedy}', { remedy: n.remedy })}
                </MessageBarBody>
              </MessageBar>
            ))}
            <Tabs
              label={t('Properties')}
              tabs={[
                { id: 'general', name: t('General'), content: () => <General of={h} /> },
                { id: 'packages', name: t('Application packages'), content: () => <Packages of={h} /> },
                { id: 'certificates', name: t('Certificates'), content: () => <Certificates of={h} /> },
                { id: 'sessions', name: t('Sessions'), content: () => <Sessions of={h} /> },
                { id: 'timings', name: t('Timings'), content: () => <TimingsOfHost of={h} /> },
                { id: 'activity', name: t('Activity'), content: () => <AuditList kind="host" objectKey={h.name} /> },
              ]}
            />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Bar({ of: h }: { of: HostView }) {
  const navigate = useNavigate();
  const not = useWhyNot('contributor');
  const notOwner = useWhyNot('owner');
  const [asking, setAsking] = useState<'retry' | 'pool' | 'remove' | 'revoke' | 'preflight'>();
  const close = () => setAsking(undefined);
  return (
    <>
      <ActionButton appearance="subtle" icon={<ArrowClockwiseRegular />} why={not} onClick={() => setAsking('retry')}>
        {t('Try again')}
      </ActionButton>
      <ActionButton
        appearance="subtle"
        icon={<PlugConnectedCheckmarkRegular />}
        why={not}
        onClick={() => setAsking('preflight')}
      >
        {t('Try a package beforehand')}
      </ActionButton>
      <ActionButton appearance="subtle" icon={<PeopleTeamRegular />} why={not} onClick={() => setAsking('pool')}>
        {t('Move to a group or pool')}
      </ActionButton>
      <ActionButton
        appearance="subtle"
        icon={<CertificateRegular />}
        why={notOwner}
        onClick={() => setAsking('revoke')}
      >
        {t('Revoke its certificate')}
      </ActionButton>
      <ActionButton appearance="subtle" icon={<DeleteRegular />} why={not} onClick={() => setAsking('remove')}>
        {t('Remove')}
      </ActionButton>
      {asking === 'retry' && (
        <ActionDialog
          title={t('Let {name} try its failed packages again?', { name: h.name })}
          confirm={t('Try again')}
          intents={[retryOf(h.name)]}
          close={close}
          done={t('{host} was asked to try again.', { host: h.name })}
        >
          <Text>{t('It does so by itself too, less and less often; this lets it try at once.')}</Text>
        </ActionDialog>
      )}
      {asking === 'pool' && <PoolDialog hosts={[h]} close={close} />}
      {asking === 'preflight' && <PreflightDialog host={h.name} close={close} />}
      {asking === 'remove' && <RemoveHosts hosts={[h]} close={close} after={() => void navigate({ to: '/hosts' })} />}
      {asking === 'revoke' && (
        <ActionDialog
          title={t('End the certificate of {name}?', { name: h.name })}
          confirm={t('Revoke')}
          intents={[intent('revokeHost', { path: { host: h.name } }, 'host', 'revoke', h.name)]}
          close={close}
          danger
          done={t('The certificate of {name} is not accepted any more.', { name: h.name })}
        >
          <Text>
            {t(
              'Its agent is refused at once. What it has stays attached; to be managed again it must be enrolled again.',
            )}
          </Text>
        </ActionDialog>
      )}
    </>
  );
}

function General({ of: h }: { of: HostView }) {
  const layout = useLayout();
  const f = h.facts;
  return (
    <div className={layout.column}>
      <Facts
        rows={[
          [t('Kind'), hostKind(h.kind)],
          [t('Group or pool'), h.pool ? <PoolLink key="p" name={h.pool} kind={h.kind} /> : t('none')],
          [t('Operating system'), f.os ?? t('not reported yet')],
          [t('Windows build'), f.build ? String(f.build) : t('none: it is not Windows')],
          [t('Architecture'), f.architecture ?? t('not reported yet')],
          [t('Agent'), [f.agentVersion, f.platform].filter(Boolean).join(', ') || t('not reported yet')],
          [t('Attaches images by'), f.attachMode ?? t('not reported yet')],
          [
            t('Room'),
            f.disk
              ? t('{free} free of {total} at {path}', {
                  free: bytes(f.disk.free),
                  total: bytes(f.disk.total),
                  path: f.disk.path,
                })
              : t('not reported yet'),
          ],
          [t('Last contact'), <Time key="s" at={h.lastSeen} />],
          [t('Enrolled'), <Moment key="e" at={h.enrolledAt} />],
          [t('Configuration'), t('generation {n}', { n: f.generation })],
          [t('Id'), <Copyable key="i" text={h.id} what={t('the id')} />],
        ]}
      />
      {f.cache && <CopiesOf of={f.cache} />}
      {f.problems?.length ? (
        <Section title={t('What its agent found and was not asked for')}>
          <ul className={layout.list}>
            {f.problems.map((p) => (
              <li key={p}>{p}</li>
            ))}
          </ul>
        </Section>
      ) : null}
    </div>
  );
}

/** CopiesOf shows the copies of images that the host keeps. */
function CopiesOf({ of: c }: { of: CacheFacts }) {
  const columns: Column<CachedImage>[] = [
    { name: t('Image'), cell: (i) => i.path, long: true },
    { name: t('Size'), short: true, cell: (i) => (i.size ? bytes(i.size) : t('not known yet')) },
    { name: t('Copied'), short: true, cell: (i) => t('{n} %', { n: i.percent }) },
    { name: t('State'), long: true, cell: (i) => copyState(i) },
  ];
  return (
    <Section title={t('Copies of images')}>
      <Text>
        {c.most
          ? t('{bytes} of at most {most}, in {folder}', {
              bytes: bytes(c.bytes),
              most: bytes(c.most),
              folder: c.folder,
            })
          : t('{bytes} in {folder}', { bytes: bytes(c.bytes), folder: c.folder })}
      </Text>
      <DataTable label={t('Copies of images')} columns={columns} rows={c.images ?? []} rowKey={(i) => i.path} />
    </Section>
  );
}

function copyState(i: CachedImage): string {
  const parts = [
    i.complete ? t('complete and checked') : i.leftOut ? t('left out: {why}', { why: i.leftOut }) : t('in the making'),
    i.attached && t('packages are attached from it'),
    !i.wanted && t('not in the plan any more'),
    i.replaced && t('the share has another file now'),
    i.error,
  ];
  return parts.filter(Boolean).join('; ');
}

function Packages({ of: h }: { of: HostView }) {
  const layout = useLayout();
  const rows = useAsk('listStatus', { query: { host: h.name } });
  const navigate = useNavigate();
  const { key } = useSearch({ strict: false });
  const keyOf = (r: HostPackage) => r.fullName ?? r.family;
  const columns: Column<HostPackage>[] = [
    { name: t('Package'), cell: (r) => <PackageName row={r} /> },
    { name: t('Version'), short: true, cell: (r) => r.version ?? t('none') },
    { name: t('By'), cell: (r) => r.selector || t('no longer assigned') },
    { name: t('From'), cell: (r) => (r.row ? <From row={r.row} /> : '') },
    { name: t('Status'), cell: (r) => <StatusBadge name={r.status.name} /> },
    { name: t('Cause'), long: true, cell: (r) => <Cause row={r} /> },
    {
      name: t('Why'),
      quiet: true,
      cell: (r) => (
        <Button
          size="small"
          aria-label={t('Why {name} is there', { name: r.displayName })}
          onClick={() => void navigate({ to: '.', search: (b: Search) => ({ ...b, key: keyOf(r) }) })}
        >
          {t('Why?')}
        </Button>
      ),
    },
  ];
  const above = h.pool ? ({ holder: 'pools', name: h.pool } as const) : ({ holder: 'defaults', name: h.kind } as const);
  return (
    <div className={layout.column}>
      <Section title={t('What it has, and should have')}>
        <Loaded of={rows}>
          {({ items }) =>
            items?.length ? (
              <>
                <DataTable
                  label={t('Packages on this host')}
                  columns={columns}
                  rows={items}
                  rowKey={(r) => `${r.family} ${r.fullName ?? ''}`}
                  bad={(r) => mood(r.status.name) === 'bad'}
                />
                <Standing row={items.find((r) => keyOf(r) === key)} asked={key} />
              </>
            ) : (
              <Text>
                {t(
                  'Nothing: no list that is in force for it has a package. Add one below, or to the level that it inherits from.',
                )}
              </Text>
            )
          }
        </Loaded>
      </Section>
      <Section title={t('Its list')}>
        <AssignmentList holder="hosts" name={h.name} above={above} />
      </Section>
    </div>
  );
}

function From({ row }: { row: NonNullable<HostPackage['row']> }) {
  const name = levelName(row.level, row.owner);
  if (row.level === 'pool') return <PoolLink name={row.owner} kind="" />;
  if (row.level === 'defaults') {
    return (
      <To to="/defaults" search={{ tab: row.owner }}>
        {name}
      </To>
    );
  }
  return <>{name}</>;
}

function Certificates({ of: h }: { of: HostView }) {
  const layout = useLayout();
  const found = useAsk('listCertificates', {});
  const c = h.certificate;
  return (
    <div className={layout.column}>
      <Section title={t('Its own certificate, with which it signs in')}>
        <Facts
          rows={[
            [
              t('Serial number'),
              c.serial ? <Copyable key="s" text={c.serial} what={t('the serial number')} /> : t('none'),
            ],
            [t('Valid until'), <Moment key="e" at={c.expiresAt} none={t('not known')} />],
            [t('Revoked'), <Moment key="r" at={c.revokedAt} none={t('no')} />],
            [
              t('Renewal'),
              c.renewing ? t('a new one was given out and not yet used') : t('at two thirds of its life, by itself'),
            ],
          ]}
        />
      </Section>
      <Section title={t('Signers’ certificates that its packages need')}>
        <Loaded of={found}>{({ items }) => <Signers all={items ?? []} host={h.name} />}</Loaded>
      </Section>
    </div>
  );
}

const trusts = { present: t('trusted'), missing: t('missing'), unknown: t('not known yet') };

/** trustOf reads from how the packages of a signer stand whether the host trusts it. */
function trustOf(rows: HostPackage[]): keyof typeof trusts {
  if (rows.some((r) => r.status.name === 'Certificate missing')) return 'missing';
  return rows.some((r) => ['Ready', 'In use', 'Disabling'].includes(r.status.name)) ? 'present' : 'unknown';
}

function Signers({ all, host }: { all: Forecast[]; host: string }) {
  type Need = { c: Forecast; rows: HostPackage[] };
  const provision = useSettings().data?.provisionCertificates;
  const mine = useAsk('listStatus', { query: { host } }).data?.items ?? [];
  const needs = all
    .map((c): Need => ({ c, rows: mine.filter((r) => c.packages?.some((p) => p.fullName === r.fullName)) }))
    .filter(({ rows }) => rows.length > 0);
  if (needs.length === 0) return <Text>{t('None.')}</Text>;
  const columns: Column<Need>[] = [
    {
      name: t('Signer'),
      cell: ({ c }) => (
        <To to="/certificates/$id" params={{ id: c.thumbprint }}>
          {c.commonName}
        </To>
      ),
    },
    { name: t('On this host'), cell: ({ rows }) => trusts[trustOf(rows)] },
    { name: t('Provisioned'), cell: () => (provision ? t('yes, by its agent') : t('no, by other means')) },
    { name: t('Packages'), cell: ({ rows }) => tn(rows.length, '{n} package', '{n} packages') },
  ];
  return (
    <DataTable
      label={t('Signers')}
      columns={columns}
      rows={needs}
      rowKey={({ c }) => c.thumbprint}
      bad={({ rows }) => trustOf(rows) === 'missing'}
    />
  );
}

function Sessions({ of: h }: { of: HostView }) {
  const sessions = h.facts.sessions ?? [];
  if (sessions.length === 0) {
    return (
      <Empty title={t('Nobody is signed in')}>
        <Text>{t('Sessions stand here as soon as the agent sees them.')}</Text>
      </Empty>
    );
  }
  const packages = h.facts.packages ?? [];
  const columns: Column<(typeof sessions)[number]>[] = [
    { name: t('User'), cell: (s) => s.user },
    { name: t('Session'), cell: (s) => s.id },
    { name: t('Since'), short: true, cell: (s) => <Time at={s.since} /> },
    {
      name: t('Registered packages'),
      long: true,
      cell: (s) =>
        packages
          .filter((p) => p.sessions?.some((r) => r.session === s.id))
          .map((p) => p.fullName)
          .join(', ') || t('none'),
    },
  ];
  return <DataTable label={t('Sessions')} columns={columns} rows={sessions} rowKey={(s) => s.id} />;
}
