import { Link, makeStyles, Text, tokens } from '@fluentui/react-components';
import { Link as RouterLink } from '@tanstack/react-router';
import { useHosts } from '../api/queries';
import type { Host } from '../api/types';
import { hostKind } from '../logic/format';
import { DataTable, type Column } from '../parts/DataTable';
import { Loaded, Page } from '../parts/Page';
import { Time } from '../parts/Time';
import { NoHosts } from './Overview';

const useStyles = makeStyles({
  plain: { textDecoration: 'none' },
  soft: { color: tokens.colorNeutralForeground3 },
  line: { display: 'block' },
});

/** Hosts are the session hosts of the site, with what their agents said last. */
export function Hosts() {
  const hosts = useHosts();
  return (
    <Page title="Hosts" lead="Session hosts with an agent. A host’s name leads to its packages.">
      <Loaded of={hosts}>{({ items }) => (items.length > 0 ? <Table items={items} /> : <NoHosts />)}</Loaded>
    </Page>
  );
}

function Table({ items }: { items: Host[] }) {
  const styles = useStyles();
  const columns: Column<Host>[] = [
    {
      name: 'Name',
      short: true,
      cell: (host) => (
        <RouterLink to="/" search={{ host: host.name }} className={styles.plain}>
          <Link as="span">{host.name}</Link>
        </RouterLink>
      ),
    },
    { name: 'Kind', cell: (host) => hostKind(host.kind) },
    { name: 'Pool', cell: (host) => host.pool || 'none' },
    {
      name: 'Operating system',
      cell: ({ facts }) => (
        <>
          {facts.os ?? 'not reported yet'} <Text className={styles.soft}>{facts.architecture}</Text>
        </>
      ),
    },
    { name: 'Attach mode', cell: ({ facts }) => facts.attachMode ?? 'not reported yet' },
    { name: 'Last seen', short: true, cell: (host) => <Time at={host.lastSeen} /> },
    { name: 'Sessions', cell: ({ facts }) => <span title={users(facts.sessions)}>{facts.sessions?.length ?? 0}</span> },
    {
      name: 'Problems',
      long: true,
      cell: ({ facts }) =>
        facts.problems?.length
          ? facts.problems.map((problem) => (
              <span key={problem} className={styles.line}>
                {problem}
              </span>
            ))
          : 'none',
    },
  ];
  return (
    <DataTable
      label="Hosts"
      columns={columns}
      rows={items}
      rowKey={(host) => host.id}
      bad={(h) => !!h.facts.problems?.length}
    />
  );
}

function users(sessions: Host['facts']['sessions']): string | undefined {
  return sessions?.length ? sessions.map((session) => session.user).join(', ') : undefined;
}
