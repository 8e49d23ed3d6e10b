import { Badge, Link, makeStyles, Text, tokens, useRestoreFocusTarget } from '@fluentui/react-components';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { usePackages, useSettings } from '../api/queries';
import type { Package } from '../api/types';
import { day, expiry } from '../logic/format';
import { tagNames } from '../logic/tags';
import { useNow } from '../parts/clock';

import { DataTable, type Column } from '../parts/DataTable';
import { Empty, Loaded, Page } from '../parts/Page';
import { SiteCommand } from '../parts/SiteCommand';
import { PackageDrawer } from './PackageDrawer';

const useStyles = makeStyles({
  tags: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalXS },
  path: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
  nowrap: { whiteSpace: 'nowrap' },
});

/** Packages is the catalogue of the site. */
export function Packages() {
  const packages = usePackages();
  const search = useSearch({ from: '/packages' });
  const navigate = useNavigate({ from: '/packages' });
  const open = (fullName?: string) => void navigate({ search: fullName === undefined ? {} : { package: fullName } });
  return (
    <Page title="Packages" lead="The catalogue: every version that hosts of this site can be given.">
      <Loaded of={packages}>
        {({ items }) => (
          <>
            {items.length > 0 ? <Catalogue items={items} open={open} /> : <Nothing />}
            <PackageDrawer
              fullName={search.package}
              found={items.find((p) => p.fullName.toLowerCase() === search.package?.toLowerCase())}
              close={() => open()}
            />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Catalogue({ items, open }: { items: Package[]; open: (fullName: string) => void }) {
  const styles = useStyles();
  const restore = useRestoreFocusTarget(); // the focus comes back here from the drawer
  const tags = useSettings().data?.tags;
  const columns: Column<Package>[] = [
    {
      name: 'Display name',
      cell: (p) => (
        <Link
          {...restore}
          as="button"
          onClick={() => open(p.fullName)}
          aria-label={`${p.displayName} ${p.version}, details`}
        >
          {p.displayName}
        </Link>
      ),
    },
    { name: 'Version', short: true, cell: (p) => p.version },
    { name: 'Publisher', cell: (p) => <span title={p.publisher}>{p.publisherDisplayName ?? p.publisher}</span> },
    { name: 'Version tags', cell: (p) => <Tags names={tagNames(p.tags, tags)} /> },
    { name: 'Enabled', cell: (p) => (p.retiring ? 'being deleted' : p.enabled ? 'yes' : 'no') },
    { name: 'Certificate expires', cell: (p) => <Expiry notAfter={p.certificate?.notAfter} /> },
    { name: 'Image', long: true, cell: (p) => <span className={styles.path}>{p.imagePath}</span> },
  ];
  return <DataTable label="Packages of the catalogue" columns={columns} rows={items} rowKey={(p) => p.fullName} />;
}

function Tags({ names }: { names: string[] }) {
  const styles = useStyles();
  if (names.length === 0) return <>none</>;
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

function Expiry({ notAfter }: { notAfter?: string }) {
  const styles = useStyles();
  const now = useNow();
  if (!notAfter) return <>not signed</>;
  const state = expiry(notAfter, now);
  return (
    <>
      <span className={styles.nowrap}>{day(notAfter)}</span>
      {state !== 'fine' && (
        <>
          {' '}
          <Badge appearance="tint" color={state === 'expired' ? 'danger' : 'warning'}>
            {state === 'expired' ? 'expired' : 'soon'}
          </Badge>
        </>
      )}
    </>
  );
}

function Nothing() {
  return (
    <Empty title="The catalogue is empty">
      <Text>Add the first package from an image on a file share. The image is read and verified while you wait:</Text>
      <SiteCommand line="berth package add '\\files\apps\notes.vhdx' --tag Production" />
    </Empty>
  );
}
