import { Button, Field, Link, makeStyles, Select, Text, tokens } from '@fluentui/react-components';
import { Link as RouterLink, useNavigate, useSearch } from '@tanstack/react-router';
import { useHosts, useRetry, useStatus, useWho } from '../api/queries';
import type { HostPackage } from '../api/types';
import type { StatusSearch } from '../logic/search';
import { isStatus, mood, retries, statuses, total } from '../logic/status';
import { Command } from '../parts/Command';
import { DataTable, type Column } from '../parts/DataTable';
import { ErrorNotice } from '../parts/ErrorNotice';
import { Empty, Loaded, Page } from '../parts/Page';
import { StatusBadge } from '../parts/StatusBadge';
import { Time } from '../parts/Time';

const useStyles = makeStyles({
  bar: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalL, alignItems: 'flex-end' },
  totals: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalM,
    listStyle: 'none',
    margin: 0,
    padding: 0,
  },
  total: { display: 'inline-flex', alignItems: 'center', gap: tokens.spacingHorizontalS, textDecoration: 'none' },
  line: { display: 'block' },
  code: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
  version: { whiteSpace: 'nowrap' },
});

/** Overview tells how every package stands on every host, as it happens. */
export function Overview() {
  const search: StatusSearch = useSearch({ from: '/' });
  const status = useStatus(search);
  const retry = useRetry();
  const filtered = search.host !== undefined || search.status !== undefined;
  return (
    <Page title="Overview" lead="How each package stands on each host. The table follows by itself.">
      <Totals />
      <Filters search={search} />
      {retry.error && <ErrorNotice error={retry.error} />}
      <Loaded of={status}>
        {({ items }) =>
          items.length > 0 ? (
            <Rows items={items} retry={(host) => retry.mutate(host)} />
          ) : filtered ? (
            <NoMatch />
          ) : (
            <Nothing />
          )
        }
      </Loaded>
    </Page>
  );
}

/** Totals counts packages by status over all hosts; each is a link to its rows. */
function Totals() {
  const styles = useStyles();
  const counts = total(useHosts().data?.items ?? []);
  if (counts.length === 0) return null;
  return (
    <ul className={styles.totals} aria-label="Packages by status">
      {counts.map(({ name, count }) => (
        <li key={name}>
          <RouterLink to="/" className={styles.total} search={isStatus(name) ? { status: name } : {}}>
            <StatusBadge name={name} />
            <Text weight="semibold">{count}</Text>
          </RouterLink>
        </li>
      ))}
    </ul>
  );
}

function Filters({ search }: { search: StatusSearch }) {
  const styles = useStyles();
  const navigate = useNavigate({ from: '/' });
  const known = useHosts().data?.items.map((host) => host.name) ?? [];
  // A link may name a host that is gone; the choice says so rather than show another.
  const hosts = search.host === undefined || known.includes(search.host) ? known : [search.host, ...known];
  const set = (change: Partial<Record<keyof StatusSearch, string>>) =>
    void navigate({ search: { ...search, ...change } as StatusSearch, replace: true });
  return (
    <search className={styles.bar}>
      <Field label="Host">
        <Select value={search.host ?? ''} onChange={(_, { value }) => set({ host: value || undefined })}>
          <option value="">All hosts</option>
          {hosts.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      </Field>
      <Field label="Status">
        <Select value={search.status ?? ''} onChange={(_, { value }) => set({ status: value || undefined })}>
          <option value="">All statuses</option>
          {statuses.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      </Field>
      {(search.host ?? search.status) !== undefined && (
        <Button onClick={() => set({ host: undefined, status: undefined })}>Clear filters</Button>
      )}
    </search>
  );
}

function Rows({ items, retry }: { items: HostPackage[]; retry: (host: string) => void }) {
  const styles = useStyles();
  const mayWrite = useWho().data?.role !== 'reader';
  const columns: Column<HostPackage>[] = [
    { name: 'Host', cell: (row) => row.host },
    { name: 'Package', cell: (row) => <span title={row.fullName ?? row.family}>{row.displayName}</span> },
    { name: 'Version', cell: (row) => <span className={styles.version}>{row.version ?? 'none'}</span> },
    { name: 'Status', cell: (row) => <StatusBadge name={row.status.name} /> },
    { name: 'Since', cell: (row) => <Time at={row.status.since} none="not known" /> },
    { name: 'Cause', cell: (row) => <Cause row={row} retry={mayWrite ? retry : undefined} /> },
  ];
  return (
    <DataTable
      label="Packages on hosts"
      columns={columns}
      rows={items}
      rowKey={(row) => `${row.host} ${row.family} ${row.fullName ?? ''}`}
      bad={(row) => mood(row.status.name) === 'bad'}
    />
  );
}

/** Cause tells why, with the platform's code, what to do, and the button for it where a button can help. */
function Cause({ row, retry }: { row: HostPackage; retry?: (host: string) => void }) {
  const styles = useStyles();
  const { name, cause, code, remedy } = row.status;
  return (
    <>
      <span className={styles.line}>{cause}</span>
      {code && <span className={styles.code}>{code}</span>}
      {remedy && <Text className={styles.line}>What to do: {remedy}</Text>}
      {retry && retries(name) && (
        <Button size="small" onClick={() => retry(row.host)} aria-label={`Try again on ${row.host}`}>
          Try again
        </Button>
      )}
    </>
  );
}

function NoMatch() {
  return (
    <Empty title="Nothing fits these filters">
      <RouterLink to="/" search={{}}>
        <Link as="span">Show all rows</Link>
      </RouterLink>
    </Empty>
  );
}

function Nothing() {
  const hosts = useHosts().data?.items ?? [];
  if (hosts.length === 0) return <NoHosts />;
  return (
    <Empty title="No package is assigned to a host yet">
      <Text>Tag a version, assign its family by that tag, and apply:</Text>
      <Command line="berth package tag PACKAGE Production" />
      <Command line="berth assign add FAMILY --host HOST --tag Production" />
      <Command line="berth changes apply" />
    </Empty>
  );
}

/** NoHosts is what a site without hosts shows, here and on the page of hosts. */
export function NoHosts() {
  return (
    <Empty title="No host has been enrolled yet">
      <Text>Make an enrolment key, then enrol each session host with it:</Text>
      <Command line="berth enroll-key create --kind rdsh" />
    </Empty>
  );
}
