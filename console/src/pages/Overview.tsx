import { Button, Field, Link, makeStyles, Select, Text, tokens } from '@fluentui/react-components';
import { Link as RouterLink, useNavigate, useSearch } from '@tanstack/react-router';
import { useHosts, useRetry, useStatus, useWho } from '../api/queries';
import type { HostPackage } from '../api/types';
import type { StatusSearch } from '../logic/search';
import { filterRows, isStatus, mood, retries, statuses, total } from '../logic/status';

import { DataTable, type Column } from '../parts/DataTable';
import { ErrorNotice } from '../parts/ErrorNotice';
import { Empty, Loaded, Page } from '../parts/Page';
import { SiteCommand } from '../parts/SiteCommand';
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
  total: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    color: tokens.colorNeutralForeground1,
    textDecoration: 'none',
  },
  line: { display: 'block' },
  code: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
  button: { marginTop: tokens.spacingVerticalXS },
});

/** Overview tells how every package stands on every host, as it happens. */
export function Overview() {
  const search: StatusSearch = useSearch({ from: '/' });
  const status = useStatus();
  const retry = useRetry();
  return (
    <Page title="Overview" lead="How each package stands on each host. The table follows by itself.">
      {retry.error && <ErrorNotice error={retry.error} />}
      <Loaded of={status}>
        {({ items }) =>
          items.length > 0 ? <Standing items={items} search={search} retry={retry.mutate} /> : <Nothing />
        }
      </Loaded>
    </Page>
  );
}

interface StandingProps {
  items: HostPackage[];
  search: StatusSearch;
  retry: (host: string) => void;
}

/** Standing filters in the browser, so that totals and rows are of one answer and never contradict each other. */
function Standing({ items, search, retry }: StandingProps) {
  const rows = filterRows(items, search);
  return (
    <>
      <Totals items={items} />
      <Filters items={items} search={search} />
      {rows.length > 0 ? <Rows items={rows} retry={retry} /> : <NoMatch />}
    </>
  );
}

/** Totals counts packages by status over all hosts; each is a link to its rows. */
function Totals({ items }: { items: HostPackage[] }) {
  const styles = useStyles();
  return (
    <ul className={styles.totals} aria-label="Packages by status">
      {total(items).map(({ name, count }) => (
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

function Filters({ items, search }: { items: HostPackage[]; search: StatusSearch }) {
  const styles = useStyles();
  const navigate = useNavigate({ from: '/' });
  const known = [...new Set(items.map((row) => row.host))].toSorted();
  // A link may name a host that has no package any more; the choice says so rather than show another.
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
  const mayWrite = useWho().data?.role !== 'reader';
  const columns: Column<HostPackage>[] = [
    { name: 'Host', short: true, cell: (row) => row.host },
    { name: 'Package', cell: (row) => <span title={row.fullName ?? row.family}>{row.displayName}</span> },
    { name: 'Version', short: true, cell: (row) => row.version ?? 'none' },
    { name: 'Status', cell: (row) => <StatusBadge name={row.status.name} /> },
    { name: 'Since', short: true, cell: (row) => <Time at={row.status.since} none="not known" /> },
    { name: 'Cause', long: true, cell: (row) => <Cause row={row} retry={mayWrite ? retry : undefined} /> },
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
        <Button
          size="small"
          className={styles.button}
          onClick={() => retry(row.host)}
          aria-label={`Try again on ${row.host}`}
        >
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
      <SiteCommand line="berth tag add Production PACKAGE" />
      <SiteCommand line="berth assign add FAMILY --tag Production --host HOST" />
      <SiteCommand line="berth changes apply" />
    </Empty>
  );
}

/** NoHosts is what a site without hosts shows, here and on the page of hosts. */
export function NoHosts() {
  return (
    <Empty title="No host has been enrolled yet">
      <Text>Make an enrolment key, then enrol each session host with it:</Text>
      <SiteCommand line="berth enroll-key create --kind rdsh" />
    </Empty>
  );
}
