import { Badge, makeStyles, tokens } from '@fluentui/react-components';
import {
  AddRegular,
  AppsListRegular,
  ArrowClockwiseRegular,
  DeleteRegular,
  HistoryRegular,
  InfoRegular,
  SearchRegular,
  ServerRegular,
  TagDismissRegular,
  TagRegular,
  ToggleRightRegular,
} from '@fluentui/react-icons';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type ReactElement } from 'react';
import { useAsk, useSettings, useWhyNot } from '../api/queries';
import type { Package } from '../api/schema';
import { inOrder } from '../logic/status';
import { tagNames } from '../logic/why';
import { ActionButton } from '../parts/Action';
import { DataTable, type Column } from '../parts/DataTable';
import { Expiry } from '../parts/Expiry';
import { Filters } from '../parts/Filters';
import { tell } from '../parts/notices';
import { Empty, Loaded, Page } from '../parts/Page';
import { Pager, pageSize } from '../parts/Pager';
import { StatusBadge } from '../parts/StatusBadge';
import { To } from '../parts/To';
import { t } from '../text/t';
import { NoPackages } from './FirstSteps';
import { DeleteDialog, EnableDialog, TagDialog, UntagDialog } from './PackageDialogs';

const useStyles = makeStyles({
  tags: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalXS },
  path: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
  standing: { display: 'flex', flexDirection: 'column', alignItems: 'flex-start', gap: tokens.spacingVerticalXXS },
});

type Asking = 'tags' | 'untag' | 'enable' | 'delete';

/** Packages is the catalogue of the site. */
export function Packages() {
  const { search, tag, enabled, family, after } = useSearch({ strict: false });
  const on = enabled === 'true' || enabled === 'false' ? enabled : undefined;
  const packages = useAsk(
    'listPackages',
    { query: { search, tag, family, enabled: on, after, limit: pageSize, total: true } },
    { keep: true },
  );
  const tags = useSettings().data?.tags ?? [];
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const filtered = [search, tag, enabled, family, after].some((value) => value !== undefined);
  const items = packages.data?.items ?? [];
  const chosen = items.filter((p) => ticked.has(p.fullName));
  return (
    <Page
      title={t('Application packages')}
      lead={t('The catalogue: every version that hosts of this site can be given.')}
      bar={<Bar chosen={chosen} clear={() => setTicked(new Set())} refresh={() => packages.refetch()} />}
    >
      <Filters
        search={t('Name or publisher')}
        choices={[
          {
            name: 'tag',
            label: t('Version tag'),
            all: t('All tags'),
            options: tags.map((x) => ({ value: x.id, text: x.name })),
          },
          {
            name: 'enabled',
            label: t('Enabled'),
            all: t('Enabled or not'),
            options: [
              { value: 'true', text: t('Enabled') },
              { value: 'false', text: t('Disabled') },
            ],
          },
        ]}
      />
      <Loaded of={packages}>
        {({ next, total }) =>
          items.length > 0 ? (
            <>
              <Catalogue items={items} ticked={ticked} setTicked={setTicked} />
              <Pager next={next} total={total} shown={items.length} />
            </>
          ) : filtered ? (
            <Empty title={t('Nothing fits these filters')}>
              <To to="/packages" search={{}}>
                {t('Show all packages')}
              </To>
            </Empty>
          ) : (
            <NoPackages />
          )
        }
      </Loaded>
    </Page>
  );
}

interface BarProps {
  chosen: Package[];
  clear: () => void;
  refresh: () => Promise<unknown>;
}

/** Bar has the tasks of the catalogue. What needs a package, or just one, says so while there is none. */
function Bar({ chosen, clear, refresh }: BarProps) {
  const navigate = useNavigate();
  const not = useWhyNot('contributor');
  const [asking, setAsking] = useState<Asking>();
  const some = chosen.length === 0 ? t('Choose one or more packages in the list first.') : undefined;
  const single = chosen.length === 1 ? undefined : t('Choose exactly one package in the list first.');
  const untagged = chosen.some((p) => p.tags?.length) ? undefined : t('None of the chosen packages has a tag.');
  const first = chosen[0];
  const open = (tab: string) =>
    first && void navigate({ to: '/packages/$id', params: { id: first.fullName }, search: { tab } });
  const enable = chosen.some((p) => !p.enabled);
  const close = () => setAsking(undefined);
  const button = (name: string, icon: ReactElement, why: string | undefined, act: () => void) => (
    <ActionButton key={name} appearance="subtle" icon={icon} why={why} onClick={act}>
      {name}
    </ActionButton>
  );
  return (
    <>
      {button(t('Add'), <AddRegular />, not, () => void navigate({ to: '/packages/add' }))}
      {button(t('Change version tag'), <TagRegular />, not ?? some, () => setAsking('tags'))}
      {button(t('Remove all tags'), <TagDismissRegular />, not ?? some ?? untagged, () => setAsking('untag'))}
      {button(enable || chosen.length === 0 ? t('Enable') : t('Disable'), <ToggleRightRegular />, not ?? some, () =>
        setAsking('enable'),
      )}
      {button(t('Show published resources'), <AppsListRegular />, single, () => open('published'))}
      {button(t('Show assigned session hosts'), <ServerRegular />, single, () => open('hosts'))}
      {button(t('Search'), <SearchRegular />, undefined, () =>
        document.querySelector<HTMLElement>('input[data-search=page]')?.focus(),
      )}
      {button(t('Delete'), <DeleteRegular />, not ?? some, () => setAsking('delete'))}
      {button(t('Settings audit'), <HistoryRegular />, undefined, () => {
        void navigate({
          to: '/audit',
          search: { kind: 'package', key: chosen.length === 1 ? first?.fullName : undefined },
        });
      })}
      {button(
        t('Refresh'),
        <ArrowClockwiseRegular />,
        undefined,
        () => void refresh().then(() => tell(t('The list is as new as the server knows.'))),
      )}
      {button(t('Properties'), <InfoRegular />, single, () => open('general'))}
      {asking === 'tags' && <TagDialog packages={chosen} close={close} />}
      {asking === 'untag' && <UntagDialog packages={chosen} close={close} />}
      {asking === 'enable' && <EnableDialog packages={chosen} enable={enable} close={close} />}
      {asking === 'delete' && <DeleteDialog packages={chosen} close={close} after={clear} />}
    </>
  );
}

interface CatalogueProps {
  items: Package[];
  ticked: ReadonlySet<string>;
  setTicked: (ticked: ReadonlySet<string>) => void;
}

function Catalogue({ items, ticked, setTicked }: CatalogueProps) {
  const styles = useStyles();
  const tags = useSettings().data?.tags;
  const columns: Column<Package>[] = [
    {
      name: t('Display name'),
      cell: (p) => (
        <To
          to="/packages/$id"
          params={{ id: p.fullName }}
          title={p.fullName}
          aria-label={t('{name} {version}, properties', { name: p.displayName, version: p.version })}
        >
          {p.displayName}
        </To>
      ),
    },
    { name: t('Package'), long: true, cell: (p) => p.name },
    { name: t('Version'), short: true, cell: (p) => p.version },
    { name: t('Publisher'), cell: (p) => <span title={p.publisher}>{p.publisherDisplayName || p.publisher}</span> },
    { name: t('Version tags'), cell: (p) => <Tags names={tagNames(p.tags, tags)} /> },
    { name: t('Certificate expires'), cell: (p) => <Expiry notAfter={p.certificate?.notAfter} /> },
    { name: t('Image'), long: true, cell: (p) => <span className={styles.path}>{p.imagePath}</span> },
    { name: t('Enabled'), cell: (p) => (p.retiring ? t('being deleted') : p.enabled ? t('yes') : t('no')) },
    { name: t('Hosts'), cell: (p) => <HostsOf of={p} /> },
  ];
  return (
    <DataTable
      label={t('Packages of the catalogue')}
      columns={columns}
      rows={items}
      rowKey={(p) => p.fullName}
      ticks={{ ticked, set: setTicked, name: (p) => `${p.displayName} ${p.version}` }}
    />
  );
}

/** HostsOf counts the hosts that have a version, by status. */
function HostsOf({ of: p }: { of: Package & { statuses?: Record<string, number> } }) {
  const styles = useStyles();
  const counts = inOrder(p.statuses ?? {});
  return (
    <To
      to="/packages/$id"
      params={{ id: p.fullName }}
      search={{ tab: 'hosts' }}
      aria-label={t('Show the hosts of {name} {version}', { name: p.displayName, version: p.version })}
    >
      {counts.length === 0 ? (
        t('Show')
      ) : (
        <span className={styles.standing}>
          {counts.map(({ name, count }) => (
            <span key={name}>
              {count} <StatusBadge name={name} />
            </span>
          ))}
        </span>
      )}
    </To>
  );
}

/** Tags are the version tags of a package, by their present names. */
export function Tags({ names }: { names: string[] }) {
  const styles = useStyles();
  if (names.length === 0) return <>{t('none')}</>;
  return (
    <span className={styles.tags}>
      {names.map((name) => (
        <Badge key={name} appearance="outline" color="informative">
          {name}
        </Badge>
      ))}
    </span>
  );
}
