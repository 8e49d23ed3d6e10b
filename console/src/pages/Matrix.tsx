import { makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { Search } from '../logic/search';
import { useAsk } from '../api/queries';
import type { HostPackage } from '../api/schema';
import { mood, statuses } from '../logic/status';
import { DataTable, type Column } from '../parts/DataTable';
import { Filters } from '../parts/Filters';
import { Empty, Loaded, Page } from '../parts/Page';
import { Pager, pageSize } from '../parts/Pager';
import { StatusBadge } from '../parts/StatusBadge';
import { useLayout } from '../parts/styles';
import { Time } from '../parts/Time';
import { To } from '../parts/To';
import { t } from '../text/t';
import { FirstSteps } from './FirstSteps';
import { Cause, Standing } from './Standing';

const useStyles = makeStyles({
  scroll: { overflowX: 'auto', maxWidth: '100%' },
  table: { borderCollapse: 'collapse' },
  head: {
    textAlign: 'left',
    verticalAlign: 'bottom',
    fontWeight: tokens.fontWeightSemibold,
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalM}`,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  first: { position: 'sticky', left: 0, backgroundColor: tokens.colorNeutralBackground1, zIndex: 1 },
  cell: {
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalM}`,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    verticalAlign: 'top',
  },
  button: {
    font: 'inherit',
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: '2px',
    padding: '2px',
    border: 'none',
    background: 'none',
    color: 'inherit',
    position: 'relative',
    cursor: 'pointer',
    borderRadius: tokens.borderRadiusMedium,
    ':hover': { backgroundColor: tokens.colorNeutralBackground2 },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
});

const keyOf = (row: HostPackage) => `${row.host}|${row.fullName ?? row.family}`;

/** Matrix shows every package on every host: as a table of both, or as a list with causes. */
export function Matrix() {
  const search = useSearch({ strict: false });
  const { search: text, host, family, status, after } = search;
  const found = useAsk(
    'listStatus',
    { query: { search: text, host, family, status, after, limit: pageSize } },
    { keep: true },
  );
  const families = useAsk('listPackages', { query: { limit: 200 } });
  const names = new Map((families.data?.items ?? []).map((p) => [p.familyName, p.displayName]));
  const filtered = [text, host, family, status, after].some((value) => value !== undefined);
  return (
    <Page
      title={t('Packages on hosts')}
      lead={t('How each package stands on each host. A cell says why, and what to do.')}
    >
      <Filters
        search={t('Host')}
        choices={[
          {
            name: 'family',
            label: t('Package'),
            all: t('All packages'),
            options: [...names].map(([value, name]) => ({ value, text: name })),
          },
          {
            name: 'status',
            label: t('Status'),
            all: t('All statuses'),
            options: statuses.map((s) => ({ value: s, text: s })),
          },
          {
            name: 'view',
            label: t('View'),
            all: t('Matrix'),
            options: [{ value: 'list', text: t('List with causes') }],
          },
        ]}
      />
      <Loaded of={found}>
        {({ items, next }) => {
          if (!items?.length) return filtered ? <NoMatch /> : <FirstSteps />;
          return (
            <>
              {search.view === 'list' ? <List rows={items} /> : <Grid rows={items} />}
              <Pager next={next} shown={items.length} />
              <Standing row={items.find((row) => keyOf(row) === search.key)} asked={search.key} />
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function NoMatch() {
  return (
    <Empty title={t('Nothing fits these filters')}>
      <To to="/matrix" search={{}}>
        {t('Show all rows')}
      </To>
    </Empty>
  );
}

function Grid({ rows }: { rows: HostPackage[] }) {
  const s = useStyles();
  const hosts = [...new Set(rows.map((row) => row.host))];
  const families = [...new Map(rows.map((row) => [row.family, row.displayName]))];
  const cells = new Map<string, HostPackage[]>();
  for (const row of rows)
    cells.set(`${row.host}|${row.family}`, [...(cells.get(`${row.host}|${row.family}`) ?? []), row]);
  return (
    // A region that scrolls can be reached, so that it can be scrolled by keys.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={s.scroll} role="region" aria-label={t('Hosts and packages')} tabIndex={0}>
      <table className={s.table}>
        <thead>
          <tr>
            <th scope="col" className={mergeClasses(s.head, s.first)}>
              {t('Host')}
            </th>
            {families.map(([family, name]) => (
              <th key={family} scope="col" className={s.head} title={family}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {hosts.map((host) => (
            <tr key={host}>
              <th scope="row" className={mergeClasses(s.cell, s.first)}>
                <To to="/hosts/$id" params={{ id: host }} search={{ tab: 'packages' }}>
                  {host}
                </To>
              </th>
              {families.map(([family]) => (
                <td key={family} className={s.cell}>
                  {(cells.get(`${host}|${family}`) ?? []).map((row) => (
                    <Cell key={keyOf(row)} row={row} />
                  ))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ row }: { row: HostPackage }) {
  const s = useStyles();
  const layout = useLayout();
  const navigate = useNavigate();
  const open = () => void navigate({ to: '.', search: (before: Search) => ({ ...before, key: keyOf(row) }) });
  return (
    <button
      type="button"
      className={s.button}
      title={[row.status.cause, row.status.remedy].filter(Boolean).join(' — ')}
      onClick={open}
    >
      <StatusBadge name={row.status.name} />
      <Text size={200} className={layout.soft}>
        {row.version ?? t('no version')}
      </Text>
      <span className={layout.hidden}>{t('{name} on {host}', { name: row.displayName, host: row.host })}</span>
    </button>
  );
}

function List({ rows }: { rows: HostPackage[] }) {
  const columns: Column<HostPackage>[] = [
    {
      name: t('Host'),
      short: true,
      cell: (row) => (
        <To to="/hosts/$id" params={{ id: row.host }} search={{ tab: 'packages' }}>
          {row.host}
        </To>
      ),
    },
    { name: t('Package'), cell: (row) => <PackageName row={row} /> },
    { name: t('Version'), short: true, cell: (row) => row.version ?? t('none') },
    { name: t('Status'), cell: (row) => <StatusBadge name={row.status.name} /> },
    { name: t('Since'), short: true, cell: (row) => <Time at={row.status.since} none={t('not known')} /> },
    { name: t('Cause'), long: true, cell: (row) => <Cause row={row} /> },
  ];
  return (
    <DataTable
      label={t('Packages on hosts')}
      columns={columns}
      rows={rows}
      rowKey={keyOf}
      bad={(row) => mood(row.status.name) === 'bad'}
    />
  );
}

/** PackageName leads to the version in question, where there is one. */
export function PackageName({ row }: { row: HostPackage }) {
  if (!row.fullName) return <span title={row.family}>{row.displayName}</span>;
  return (
    <To to="/packages/$id" params={{ id: row.fullName }} title={row.fullName}>
      {row.displayName}
    </To>
  );
}
