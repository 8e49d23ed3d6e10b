import { Button, makeStyles, Text, tokens } from '@fluentui/react-components';
import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { intent } from '../api/intent';
import { useAsk, useSite, useWhyNot } from '../api/queries';
import type { Change, Preview, PreviewConfiguration, PreviewRow } from '../api/schema';
import { changeName, differences, words } from '../logic/change';
import { hostKind } from '../logic/format';
import { ActionButton, ActionDialog } from '../parts/Action';
import { SiteCommand } from '../parts/Command';
import { DataTable, type Column } from '../parts/DataTable';
import { Section } from '../parts/Facts';
import { Empty, Loaded, Page } from '../parts/Page';
import { Pager, pageSize } from '../parts/Pager';
import { useLayout } from '../parts/styles';
import { Time } from '../parts/Time';
import { To } from '../parts/To';
import { t, tn } from '../text/t';

const useStyles = makeStyles({
  list: { margin: 0, paddingLeft: tokens.spacingHorizontalL },
});

/** Changes are the drafts that hosts do not see yet. */
export function Changes() {
  return (
    <Page title={t('Pending changes')} lead={t('Drafts. Hosts see nothing of them until they are applied.')}>
      {/* What was ticked and said is of one site. */}
      <Drafts key={useSite()} />
    </Page>
  );
}

function Drafts() {
  const changes = useAsk('listChanges', {});
  return <Loaded of={changes}>{({ items }) => (items?.length ? <Pending items={items} /> : <Nothing />)}</Loaded>;
}

function Nothing() {
  return (
    <Empty title={t('Nothing is pending')}>
      <Text>
        {t('Hosts see everything that was set. What you change stands here until you apply it: change a')}{' '}
        <To to="/packages">{t('package')}</To>, {t('or what is assigned to a')} <To to="/hosts">{t('host')}</To>.
      </Text>
      <SiteCommand cli={['tag', 'move', 'Production', 'PACKAGE']} />
    </Empty>
  );
}

function Pending({ items }: { items: Change[] }) {
  const styles = useStyles();
  const layout = useLayout();
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [asking, setAsking] = useState<'apply' | 'discard'>();
  const not = useWhyNot('contributor');

  // Another administrator may have applied what was ticked here.
  const chosen = items.filter((change) => ticked.has(changeName(change)));
  const all = chosen.length === 0 || chosen.length === items.length;
  const subject = all ? items : chosen;
  const what = all
    ? tn(items.length, 'the change', 'all {n} changes')
    : tn(chosen.length, '{n} chosen change', '{n} chosen changes');
  const columns: Column<Change>[] = [
    { name: t('Action'), cell: (change) => change.action },
    { name: t('Object'), long: true, cell: (change) => `${change.kind} ${change.name}` },
    { name: t('What'), long: true, cell: (change) => <Differences of={change} /> },
    { name: t('By'), cell: (change) => change.by },
    { name: t('When'), short: true, cell: (change) => <Time at={change.at} /> },
  ];
  return (
    <>
      {not !== undefined && <Text>{not}</Text>}
      <div className={layout.row}>
        <ActionButton appearance="primary" why={not} onClick={() => setAsking('apply')}>
          {t('Apply {what}', { what })}
        </ActionButton>
        <ActionButton why={not} onClick={() => setAsking('discard')}>
          {t('Discard {what}', { what })}
        </ActionButton>
      </div>
      <DataTable
        label={t('Pending changes')}
        columns={columns}
        rows={items}
        rowKey={changeName}
        ticks={{ ticked, set: setTicked, name: (c) => `${c.action} ${c.kind} ${c.name}` }}
      />
      <Effects changes={subject.map(changeName)} all={all} />
      {asking !== undefined && (
        <Decide
          how={asking}
          what={what}
          subject={subject}
          styles={styles.list}
          all={all}
          close={() => setAsking(undefined)}
        />
      )}
    </>
  );
}

interface DecideProps {
  how: 'apply' | 'discard';
  what: string;
  subject: Change[];
  all: boolean;
  styles: string;
  close: () => void;
}

/** Decide applies or discards; the names are always sent: what was drafted since then was not looked at. */
function Decide({ how, what, subject, all, styles, close }: DecideProps) {
  const names = subject.map(changeName);
  const [kept] = useState({ names, what, subject }); // the dialog is about what was there when it opened
  const preview = useAsk('previewChanges', { query: { changes: kept.names, limit: 5 } }, { off: how === 'discard' });
  const apply = how === 'apply';
  return (
    <ActionDialog
      title={apply ? t('Apply {what}?', { what: kept.what }) : t('Discard {what}?', { what: kept.what })}
      confirm={apply ? t('Apply') : t('Discard')}
      intents={[
        intent(
          apply ? 'applyChanges' : 'discardChanges',
          { body: { changes: kept.names } },
          'changes',
          how,
          ...(all ? [] : kept.names),
        ),
      ]}
      close={close}
      danger={!apply}
      done={
        apply
          ? tn(
              kept.names.length,
              'Applied {n} change. Hosts take it up now.',
              'Applied {n} changes. Hosts take them up now.',
            )
          : tn(kept.names.length, 'Discarded {n} change.', 'Discarded {n} changes.')
      }
    >
      <Text>
        {apply
          ? preview.data
            ? tn(
                preview.data.hostCount,
                'Something changes on {n} host, nothing on {rest}.',
                'Something changes on {n} hosts, nothing on {rest}.',
                { rest: preview.data.unchanged },
              )
            : t('Working out what it means for hosts…')
          : t('These drafts are lost. Hosts keep what was applied last.')}
      </Text>
      <ul className={styles}>
        {kept.subject.slice(0, 10).map((change) => (
          <li key={changeName(change)}>
            {change.action} {change.kind} {change.name}
          </li>
        ))}
        {kept.subject.length > 10 && <li>{tn(kept.subject.length - 10, 'and {n} more', 'and {n} more')}</li>}
      </ul>
    </ActionDialog>
  );
}

function Differences({ of: change }: { of: Change }) {
  const styles = useStyles();
  const [all, setAll] = useState(false);
  if (change.action === 'create') return <>{t('new')}</>;
  if (change.action === 'delete') return <>{t('goes away')}</>;
  const list = differences(change.before, change.after);
  return (
    <>
      <ul className={styles.list}>
        {list.slice(0, all ? list.length : 6).map((d) => (
          <li key={d.field}>
            {words(d.field)}: {d.before ?? t('none')} → {d.after ?? t('none')}
          </li>
        ))}
      </ul>
      {list.length > 6 && !all && (
        <Button size="small" onClick={() => setAll(true)}>
          {tn(list.length - 6, 'Show {n} more', 'Show {n} more')}
        </Button>
      )}
    </>
  );
}

/** Effects are what the changes mean for each host. */
function Effects({ changes, all }: { changes: string[]; all: boolean }) {
  const { after } = useSearch({ strict: false });
  const preview = useAsk(
    'previewChanges',
    { query: { changes: all ? [] : changes, after, limit: pageSize } },
    { keep: true },
  );
  return (
    <Section title={t('What it means for hosts')}>
      <Loaded of={preview}>{(p) => <EffectsOf of={p} />}</Loaded>
    </Section>
  );
}

function EffectsOf({ of: p }: { of: Preview }) {
  const layout = useLayout();
  const configurations = p.configurations ?? [];
  type Row = { host: string; on: PreviewConfiguration };
  const rows = (p.hosts ?? []).flatMap((h): Row[] => {
    const on = configurations[h.configuration];
    return on ? [{ host: h.host, on }] : [];
  });
  if (p.hostCount === 0) return <Text>{t('Nothing changes on any host.')}</Text>;
  const columns: Column<Row>[] = [
    {
      name: t('Host'),
      short: true,
      cell: ({ host }) => (
        <To to="/hosts/$id" params={{ id: host }} search={{ tab: 'packages' }}>
          {host}
        </To>
      ),
    },
    { name: t('Kind'), cell: ({ on }) => hostKind(on.kind) },
    { name: t('Group or pool'), cell: ({ on }) => on.pool || t('none') },
    {
      name: t('What changes'),
      long: true,
      cell: ({ on }) => (
        <ul className={layout.list}>
          {(on.rows ?? []).map((r) => (
            <li key={r.family}>
              <Effect of={r} />
            </li>
          ))}
          {(on.frameworks ?? []).map((f) => (
            <li key={f.fullName}>
              {f.action === 'stage'
                ? t('will stage {name}, which others need', { name: f.fullName })
                : t('will let go of {name}', { name: f.fullName })}
            </li>
          ))}
        </ul>
      ),
    },
  ];
  return (
    <>
      <Text>
        {tn(p.hostCount, '{n} host changes, {rest} stay as they are.', '{n} hosts change, {rest} stay as they are.', {
          rest: p.unchanged,
        })}
      </Text>
      <DataTable label={t('Hosts that change')} columns={columns} rows={rows} rowKey={({ host }) => host} />
      <Pager next={p.next} total={p.hostCount} shown={rows.length} />
    </>
  );
}

const verbs: Record<PreviewRow['action'], string> = {
  assign: t('will stage'),
  remove: t('will remove'),
  replace: t('will update'),
  register: t('will register otherwise'),
};

function Effect({ of: r }: { of: PreviewRow }) {
  return (
    <>
      <strong>{verbs[r.action]}</strong> {r.displayName}: {r.words}
    </>
  );
}
