import { Field, MessageBar, MessageBarBody, Select, Text } from '@fluentui/react-components';
import { DeleteRegular, HistoryRegular, TagRegular } from '@fluentui/react-icons';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { azureAddress, useAzure } from '../api/azure';
import { useAsk, useSettings, useSite, useSites, useWhyNot } from '../api/queries';
import type { Application, AssignedHost, DependencyCheck, Holding, PackageView } from '../api/schema';
import { bytes, count, day, hostKind } from '../logic/format';
import { levelName, registrationName, tagNames } from '../logic/why';
import { ActionButton } from '../parts/Action';
import { Command } from '../parts/Command';
import { Copyable } from '../parts/Copy';
import { DataTable, type Column } from '../parts/DataTable';
import { Facts, Section } from '../parts/Facts';
import { JSONView } from '../parts/JSONView';
import { Empty, Loaded, Page } from '../parts/Page';
import { Pager, pageSize } from '../parts/Pager';
import { useLayout } from '../parts/styles';
import { Tabs } from '../parts/Tabs';
import { Moment } from '../parts/Time';
import { To } from '../parts/To';
import { t } from '../text/t';
import { AuditList } from './Audit';
import { CertificateOf } from './CertificateOf';
import { DeleteDialog, TagDialog } from './PackageDialogs';
import { PackageForm } from './PackageForm';
import { Tags } from './Packages';
import { PublishedList } from './PublishedList';
import { TimingsOfPackage } from './Timings';

/** Package is one version of a package, with everything about it. */
export function Package() {
  const { id } = useParams({ from: '/packages/$id' });
  const found = useAsk('getPackage', { path: { package: id } });
  return (
    <Page
      title={found.data ? `${found.data.displayName} ${found.data.version}` : t('Package')}
      crumbs={[
        <To key="p" to="/packages">
          {t('Application packages')}
        </To>,
      ]}
      bar={found.data && <Bar of={found.data} />}
    >
      <Loaded of={found}>{(p) => <Parts of={p} />}</Loaded>
    </Page>
  );
}

function Bar({ of: p }: { of: PackageView }) {
  const not = useWhyNot('contributor');
  const navigate = useNavigate();
  const [asking, setAsking] = useState<'tags' | 'delete'>();
  const close = () => setAsking(undefined);
  return (
    <>
      <ActionButton appearance="subtle" icon={<TagRegular />} why={not} onClick={() => setAsking('tags')}>
        {t('Change version tag')}
      </ActionButton>
      <ActionButton appearance="subtle" icon={<DeleteRegular />} why={not} onClick={() => setAsking('delete')}>
        {t('Delete')}
      </ActionButton>
      <ActionButton
        appearance="subtle"
        icon={<HistoryRegular />}
        onClick={() => void navigate({ to: '/audit', search: { kind: 'package', key: p.fullName } })}
      >
        {t('Settings audit')}
      </ActionButton>
      {asking === 'tags' && <TagDialog packages={[p]} close={close} />}
      {asking === 'delete' && (
        <DeleteDialog packages={[p]} close={close} after={() => void navigate({ to: '/packages' })} />
      )}
    </>
  );
}

function Parts({ of: p }: { of: PackageView }) {
  return (
    <>
      {p.findings?.map((finding) => (
        <MessageBar key={finding} intent="warning" layout="multiline">
          <MessageBarBody>{finding}</MessageBarBody>
        </MessageBar>
      ))}
      {p.retiring && (
        <MessageBar intent="warning">
          <MessageBarBody>{t('This package was deleted; it goes once the last host has let go of it.')}</MessageBarBody>
        </MessageBar>
      )}
      <Tabs
        label={t('Properties')}
        tabs={[
          { id: 'general', name: t('General'), content: () => <General of={p} /> },
          {
            id: 'certificate',
            name: t('Certificate'),
            content: () => <CertificateOf thumbprint={p.certificate?.thumbprint} />,
          },
          { id: 'applications', name: t('Applications'), content: () => <Applications of={p} /> },
          {
            id: 'dependencies',
            name: t('Dependencies'),
            content: () => <Dependencies checks={p.dependencyChecks ?? []} />,
          },
          { id: 'hosts', name: t('Hosts'), content: () => <Hosts of={p} /> },
          { id: 'timings', name: t('Timings'), content: () => <TimingsOfPackage fullName={p.fullName} /> },
          { id: 'published', name: t('Published resources'), content: () => <PublishedList fullName={p.fullName} /> },
          { id: 'activity', name: t('Activity'), content: () => <AuditList kind="package" objectKey={p.fullName} /> },
          { id: 'json', name: t('JSON'), content: () => <Documents of={p} /> },
        ]}
      />
    </>
  );
}

function General({ of: p }: { of: PackageView }) {
  const layout = useLayout();
  const tags = useSettings().data?.tags;
  const o = p.observed;
  const apps = p.applications ?? [];
  return (
    <div className={layout.column}>
      <PackageForm key={p.fullName} of={p} />
      <Section title={t('About the package')}>
        <Facts
          rows={[
            [t('Package'), <Copyable key="n" text={p.fullName} what={t('the full name')} />],
            [t('Version'), p.version],
            [t('Publisher'), p.publisherDisplayName ? `${p.publisherDisplayName} (${p.publisher})` : p.publisher],
            [t('MSIX image path'), <Copyable key="i" text={p.imagePath} what={t('the image path')} />],
            [t('Version tag'), <Tags key="t" names={tagNames(p.tags, tags)} />],
            [
              t('Applications'),
              apps.length === 0
                ? t('none: this package only serves others')
                : apps.map((a) => a.displayName).join(', '),
            ],
            [
              t('Dependencies'),
              p.dependencies?.length
                ? p.dependencies
                    .map((d) => t('{name}, {version} or newer', { name: d.name, version: d.minVersion }))
                    .join('; ')
                : t('none'),
            ],
            [t('Architecture'), p.architecture],
            [t('Windows'), p.minBuild ? t('build {build} or newer', { build: p.minBuild }) : t('any build')],
            [
              t('Added'),
              <span key="a">
                <Moment at={p.addedAt} /> {t('by {who}', { who: p.addedBy })}
              </span>,
            ],
          ]}
        />
      </Section>
      <Section title={t('Advanced')}>
        <Facts
          rows={[
            [t('Family name'), <Copyable key="f" text={p.familyName} what={t('the family name')} />],
            [t('Folder in the image'), <Copyable key="r" text={p.relativePath} what={t('the folder')} />],
            [
              t('Image'),
              o
                ? `${o.format}, ${o.fileSystem}, ${bytes(o.imageSize)}`
                : t('never read: what is shown here was only declared'),
            ],
            [t('Content'), o ? `${count(o.files, 'file')}, ${bytes(o.bytes)}` : t('not known')],
            [t('Signature'), o?.signature ?? t('not known')],
            [t('Read'), o ? day(o.at) : t('never')],
          ]}
        />
      </Section>
    </div>
  );
}

function Applications({ of: p }: { of: PackageView }) {
  const apps = p.applications ?? [];
  if (apps.length === 0) return <Text>{t('None: this package only serves others.')}</Text>;
  const columns: Column<(typeof apps)[number]>[] = [
    { name: t('Name'), cell: (a) => <Named of={a} /> },
    { name: t('Id'), cell: (a) => a.id },
    {
      name: t('Application user model id'),
      long: true,
      cell: (a) => <Copyable text={a.appUserModelId} what={t('the id')} />,
    },
    { name: t('Program'), long: true, cell: (a) => a.executable ?? '' },
    { name: t('Description'), cell: (a) => a.description ?? '' },
  ];
  return <DataTable label={t('Applications')} columns={columns} rows={apps} rowKey={(a) => a.id} />;
}

/** Named is an application with its icon, where the package has one that can be shown. */
function Named({ of: a }: { of: Application }) {
  const layout = useLayout();
  return (
    <span className={layout.row}>
      {a.icon && <img src={`data:image/png;base64,${a.icon}`} alt="" width={32} height={32} />}
      {a.displayName}
    </span>
  );
}

const states: Record<string, string> = {
  satisfied: t('in the catalogue, and planned with it'),
  inCatalogue: t('in the catalogue, but not planned with it'),
  missing: t('missing'),
};

/** Dependencies are all frameworks that a package needs, held against the catalogue. */
export function Dependencies({ checks }: { checks: DependencyCheck[] }) {
  if (checks.length === 0) return <Text>{t('It needs no other package.')}</Text>;
  const columns: Column<DependencyCheck>[] = [
    { name: t('Needs'), long: true, cell: (d) => d.name },
    { name: t('Version'), short: true, cell: (d) => t('{version} or newer', { version: d.minVersion }) },
    { name: t('State'), cell: (d) => states[d.state] ?? d.state },
    { name: t('Planned'), long: true, cell: (d) => d.fullName ?? d.why ?? '' },
    { name: t('Needed by'), long: true, cell: (d) => d.neededBy },
  ];
  return (
    <DataTable
      label={t('Dependencies')}
      columns={columns}
      rows={checks}
      rowKey={(d) => `${d.neededBy} ${d.name}`}
      bad={(d) => d.state === 'missing'}
    />
  );
}

function Hosts({ of: p }: { of: PackageView }) {
  const { after } = useSearch({ strict: false });
  const hosts = useAsk(
    'listAssignedHosts',
    { path: { package: p.fullName }, query: { after, limit: pageSize, total: true } },
    { keep: true },
  );
  const columns: Column<AssignedHost>[] = [
    {
      name: t('Host'),
      short: true,
      cell: (h) => (
        <To to="/hosts/$id" params={{ id: h.host }} search={{ tab: 'packages' }}>
          {h.host}
        </To>
      ),
    },
    { name: t('Kind'), cell: (h) => hostKind(h.hostKind) },
    { name: t('Pool'), cell: (h) => h.pool || t('none') },
    { name: t('Now'), cell: (h) => <HoldingOf of={h.now} /> },
    { name: t('Once changes are applied'), cell: (h) => <HoldingOf of={h.drafted} /> },
  ];
  return (
    <Loaded of={hosts}>
      {({ items, next, total }) =>
        items?.length ? (
          <>
            <DataTable label={t('Assigned session hosts')} columns={columns} rows={items} rowKey={(h) => h.host} />
            <Pager next={next} total={total} shown={items.length} />
          </>
        ) : (
          <Empty title={t('No host has this version')}>
            <Text>
              {t('Assign it to a')} <To to="/hosts">{t('host')}</To>, {t('a')} <To to="/groups">{t('group')}</To>,{' '}
              {t('a')} <To to="/pools">{t('pool')}</To> {t('or the')} <To to="/defaults">{t('site defaults')}</To>.
            </Text>
          </Empty>
        )
      }
    </Loaded>
  );
}

function HoldingOf({ of: h }: { of: Holding | undefined }) {
  if (!h) return <>{t('does not have it')}</>;
  const by = h.level
    ? t('{selector}, from {level}, registered {when}', {
        selector: h.selector ?? '',
        level: levelName(h.level, h.owner),
        when: registrationName(h.registration ?? ''),
      })
    : '';
  const need = h.neededBy?.length ? t('needed by {packages}', { packages: h.neededBy.join(', ') }) : '';
  return <>{[by, need].filter(Boolean).join('; ')}</>;
}

function Documents({ of: p }: { of: PackageView }) {
  const layout = useLayout();
  return (
    <div className={layout.column}>
      <Section title={t('As this server’s own API has it')}>
        <JSONView label={t('As this server’s own API has it')} value={p} />
      </Section>
      <Section title={t('As Azure’s API has it')}>
        <InAzure of={p} />
      </Section>
    </div>
  );
}

/** InAzure asks this server's Azure interface for the package: clients see it in host pools, in each as that has it. */
function InAzure({ of: p }: { of: PackageView }) {
  const layout = useLayout();
  const site = useSite();
  const subscription = useSites().data?.items?.find((s) => s.name === site)?.subscriptionId ?? '';
  const pools = (useAsk('listPools', {}).data?.items ?? []).filter((pool) => pool.kind === 'avd');
  const [chosen, setChosen] = useState<string>();
  const pool = chosen ?? pools[0]?.name;
  const id =
    pool === undefined || subscription === ''
      ? ''
      : `/subscriptions/${subscription}/resourceGroups/${site}/providers/Microsoft.DesktopVirtualization/hostPools/${pool}/msixPackages/${p.fullName}`;
  const found = useAzure(id);
  if (id === '') {
    return (
      <Empty title={t('There is no AVD host pool')}>
        <Text>
          {t('Clients of Azure’s API see packages in host pools:')} <To to="/pools">{t('make one')}</To>.
        </Text>
      </Empty>
    );
  }
  return (
    <>
      <Field label={t('Host pool')} className={layout.form}>
        <Select value={pool} onChange={(_, { value }) => setChosen(value)}>
          {pools.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      </Field>
      <Loaded of={found}>{(value) => <JSONView label={t('As Azure’s API has it')} value={value} />}</Loaded>
      <Command line={`curl -H "Authorization: Bearer $BERTH_TOKEN" '${location.origin}${azureAddress(id)}'`} />
    </>
  );
}
