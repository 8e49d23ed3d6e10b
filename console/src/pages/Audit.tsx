import { Button, Checkbox, Text } from '@fluentui/react-components';
import { ArrowUndoRegular } from '@fluentui/react-icons';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { Search } from '../logic/search';
import { intent } from '../api/intent';
import { useAsk, useAskFarm, useWhyNot } from '../api/queries';
import type { AuditEntry } from '../api/schema';
import { fieldWords } from '../logic/change';
import { ActionButton, ActionDialog } from '../parts/Action';
import { DataTable, type Column } from '../parts/DataTable';
import { Filters } from '../parts/Filters';
import { JSONView } from '../parts/JSONView';
import { Empty, Loaded, Page } from '../parts/Page';
import { pageSize } from '../parts/Pager';
import { useLayout } from '../parts/styles';
import { Time } from '../parts/Time';
import { To } from '../parts/To';
import { t } from '../text/t';

const kinds = ['package', 'pool', 'host', 'defaults', 'settings', 'publication', 'user', 'token', 'credential'];

/** Audit lists who did what, newest first. */
export function Audit() {
  const { kind, key, view } = useSearch({ strict: false });
  const notFarm = useWhyNot('contributor', true);
  return (
    <Page
      title={t('Settings audit')}
      lead={t('Every write and every refusal, newest first. What was changed can be put back.')}
    >
      <Filters
        choices={[
          {
            name: 'kind',
            label: t('Kind of object'),
            all: t('Every kind'),
            options: kinds.map((value) => ({ value, text: value })),
          },
          { name: 'key', label: t('Object'), all: t('Every object'), options: [] },
          {
            name: 'view',
            label: t('Of'),
            all: t('This site'),
            options: notFarm === undefined ? [{ value: 'farm', text: t('All sites, sign-ins and users') }] : [],
          },
        ]}
      />
      {view === 'farm' ? <FarmList kind={kind} objectKey={key} /> : <AuditList kind={kind} objectKey={key} />}
    </Page>
  );
}

interface ListProps {
  kind?: string | undefined;
  objectKey?: string | undefined;
}

/** AuditList is the audit of the site, or of one object. */
export function AuditList({ kind, objectKey }: ListProps) {
  const { before } = useSearch({ strict: false });
  const audit = useAsk(
    'listAudit',
    { query: { kind, key: objectKey, before: Number(before) || undefined, limit: pageSize } },
    { keep: true },
  );
  return (
    <Loaded of={audit}>
      {({ items }) => <Entries items={items ?? []} filtered={kind !== undefined || before !== undefined} />}
    </Loaded>
  );
}

function FarmList({ kind, objectKey }: ListProps) {
  const { before } = useSearch({ strict: false });
  const audit = useAskFarm(
    'listFarmAudit',
    { query: { kind, key: objectKey, before: Number(before) || undefined, limit: pageSize } },
    { keep: true },
  );
  return <Loaded of={audit}>{({ items }) => <Entries items={items ?? []} filtered />}</Loaded>;
}

function Entries({ items, filtered }: { items: AuditEntry[]; filtered: boolean }) {
  const layout = useLayout();
  const navigate = useNavigate();
  const not = useWhyNot('contributor');
  const [reverting, setReverting] = useState<AuditEntry>();
  const [shown, setShown] = useState<number>();
  if (items.length === 0) {
    return (
      <Empty title={filtered ? t('Nothing fits') : t('Nothing has been written yet')}>
        {filtered ? (
          <To to="/audit" search={{}}>
            {t('Show the whole settings audit')}
          </To>
        ) : (
          <Text>{t('The first change to this site stands here, with who made it and when.')}</Text>
        )}
      </Empty>
    );
  }
  const columns: Column<AuditEntry>[] = [
    { name: t('When'), short: true, cell: (e) => <Time at={e.at} /> },
    { name: t('Who'), cell: (e) => e.actor },
    { name: t('Through'), cell: (e) => e.face },
    { name: t('Action'), cell: (e) => e.action },
    {
      name: t('Object'),
      long: true,
      cell: (e) =>
        e.kind ? (
          <To to="/audit" search={{ kind: e.kind, key: e.key }}>
            {e.kind} {e.key}
          </To>
        ) : (
          t('none')
        ),
    },
    {
      name: t('What changed'),
      long: true,
      cell: (e) => (
        <>
          {outcome(e)}{' '}
          {(e.before !== undefined || e.after !== undefined) && (
            <Button
              size="small"
              appearance="subtle"
              aria-expanded={shown === e.id}
              aria-label={t('{what}: entry {id}', {
                what: shown === e.id ? t('Less') : t('Before and after'),
                id: e.id,
              })}
              onClick={() => setShown(shown === e.id ? undefined : e.id)}
            >
              {shown === e.id ? t('Less') : t('Before and after')}
            </Button>
          )}
          {shown === e.id && (
            <div className={layout.column}>
              <Text weight="semibold">{t('Before')}</Text>
              <JSONView label={t('Before')} value={e.before ?? null} />
              <Text weight="semibold">{t('After')}</Text>
              <JSONView label={t('After')} value={e.after ?? null} />
            </div>
          )}
        </>
      ),
    },
    {
      name: t('Actions'),
      quiet: true,
      cell: (e) =>
        e.changes?.length && e.site && !e.refused ? (
          <ActionButton
            size="small"
            icon={<ArrowUndoRegular />}
            why={not}
            aria-label={t('Revert entry {id}', { id: e.id })}
            onClick={() => setReverting(e)}
          >
            {t('Revert')}
          </ActionButton>
        ) : null,
    },
  ];
  return (
    <>
      <DataTable
        label={t('Audit entries')}
        columns={columns}
        rows={items}
        rowKey={(e) => String(e.id)}
        bad={(e) => !!e.refused}
      />
      {items.length === pageSize && (
        <div>
          <Button
            onClick={() =>
              void navigate({ to: '.', search: (b: Search) => ({ ...b, before: String(items.at(-1)?.id ?? '') }) })
            }
          >
            {t('Older entries')}
          </Button>
        </div>
      )}
      {reverting && <RevertDialog of={reverting} close={() => setReverting(undefined)} />}
    </>
  );
}

/** outcome says what became of an entry: what is new or gone needs no list of its fields. */
function outcome(e: AuditEntry): string {
  if (e.refused) return t('refused: {why}', { why: e.refused });
  if (e.before === undefined && e.after !== undefined) return t('made');
  if (e.before !== undefined && e.after === undefined) return t('removed');
  return fieldWords(e.changes ?? []) || t('done');
}

function RevertDialog({ of: e, close }: { of: AuditEntry; close: () => void }) {
  const layout = useLayout();
  const [force, setForce] = useState(false);
  return (
    <ActionDialog
      title={t('Put {kind} {key} back as it was before?', { kind: e.kind ?? '', key: e.key ?? '' })}
      confirm={t('Revert')}
      intents={[
        intent(
          'revertAuditEntry',
          { path: { id: String(e.id) }, body: force ? { force } : {} },
          'audit',
          'revert',
          String(e.id),
          ...(force ? ['--force'] : []),
        ),
      ]}
      close={close}
      done={t('It is drafted as it was before. Apply the pending changes to let hosts see it.')}
    >
      <Text>{t('{who} did this: {action}. Reverting drafts the opposite:', { who: e.actor, action: e.action })}</Text>
      <ul className={layout.list}>
        {(e.changes ?? []).slice(0, 10).map((c) => (
          <li key={c.field}>{fieldWords([{ field: c.field, before: c.after, after: c.before }])}</li>
        ))}
      </ul>
      <Checkbox
        label={t('Even though somebody else changed it since')}
        checked={force}
        onChange={(_, { checked }) => setForce(checked === true)}
      />
    </ActionDialog>
  );
}
