import { Text } from '@fluentui/react-components';
import { useAudit } from '../api/queries';
import type { AuditEntry } from '../api/types';
import { DataTable, type Column } from '../parts/DataTable';
import { Empty, Loaded, Page } from '../parts/Page';
import { Time } from '../parts/Time';

const columns: Column<AuditEntry>[] = [
  { name: 'When', short: true, cell: (entry) => <Time at={entry.at} /> },
  { name: 'Who', cell: (entry) => entry.actor },
  { name: 'Through', cell: (entry) => entry.face },
  { name: 'Action', cell: (entry) => entry.action },
  { name: 'Object', long: true, cell: (entry) => [entry.kind, entry.key].filter(Boolean).join(' ') || 'none' },
  { name: 'Outcome', long: true, cell: (entry) => (entry.refused ? `refused: ${entry.refused}` : 'done') },
];

/** Audit lists who did what, newest first. */
export function Audit() {
  const audit = useAudit();
  return (
    <Page title="Audit" lead="Every write and every refusal, newest first. The last 200 are shown.">
      <Loaded of={audit}>
        {({ items }) =>
          items.length > 0 ? (
            <DataTable
              label="Audit entries"
              columns={columns}
              rows={items}
              rowKey={(entry) => String(entry.id)}
              bad={(entry) => !!entry.refused}
            />
          ) : (
            <Empty title="Nothing has been written yet">
              <Text>The first change to this site stands here, with who made it and when.</Text>
            </Empty>
          )
        }
      </Loaded>
    </Page>
  );
}
