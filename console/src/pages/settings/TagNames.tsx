import { Button, Input, Text } from '@fluentui/react-components';
import { EditRegular, HistoryRegular, TagDismissRegular } from '@fluentui/react-icons';
import { useState, type SubmitEvent } from 'react';
import { intent } from '../../api/intent';
import { useAsk, useRun, useSettings, useWhyNot } from '../../api/queries';
import type { Tag, TagMove } from '../../api/schema';
import { versionOf } from '../../logic/why';
import { ActionButton, ActionDialog } from '../../parts/Action';
import { Commands } from '../../parts/Command';
import { DataTable, type Column } from '../../parts/DataTable';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { Section } from '../../parts/Facts';
import { tell } from '../../parts/notices';
import { Loaded } from '../../parts/Page';
import { useLayout } from '../../parts/styles';
import { Time } from '../../parts/Time';
import { To } from '../../parts/To';
import { t, tn } from '../../text/t';
import { UntagDialog } from '../PackageDialogs';

/** TagNames renames the tags where they stand, and shows which packages carry each. */
export function TagNames() {
  const settings = useSettings();
  const [history, setHistory] = useState<Tag>();
  return (
    <Loaded of={settings}>
      {({ tags }) => (
        <>
          <TagTable tags={tags ?? []} history={setHistory} />
          {history && <History of={history} />}
        </>
      )}
    </Loaded>
  );
}

function TagTable({ tags, history }: { tags: Tag[]; history: (tag: Tag) => void }) {
  const layout = useLayout();
  const not = useWhyNot('contributor');
  const [editing, setEditing] = useState<string>();
  const [untag, setUntag] = useState<Tag>();
  const columns: Column<Tag>[] = [
    {
      name: t('Name'),
      cell: (tag) => (editing === tag.id ? <Rename of={tag} close={() => setEditing(undefined)} /> : tag.name),
    },
    { name: t('Id'), cell: (tag) => tag.id },
    { name: t('Packages'), cell: (tag) => <Carriers of={tag} /> },
    {
      name: t('Actions'),
      quiet: true,
      cell: (tag) => (
        <span className={layout.row}>
          <ActionButton
            size="small"
            appearance="subtle"
            icon={<EditRegular />}
            why={not}
            aria-label={t('Rename {what}', { what: tag.name })}
            onClick={() => setEditing(tag.id)}
          >
            {t('Rename')}
          </ActionButton>
          <ActionButton
            size="small"
            appearance="subtle"
            icon={<HistoryRegular />}
            aria-label={t('History of {what}', { what: tag.name })}
            onClick={() => history(tag)}
          >
            {t('History')}
          </ActionButton>
          <ActionButton
            size="small"
            appearance="subtle"
            icon={<TagDismissRegular />}
            why={not}
            aria-label={t('Remove all tags of the packages with {what}', { what: tag.name })}
            onClick={() => setUntag(tag)}
          >
            {t('Remove all tags')}
          </ActionButton>
        </span>
      ),
    },
  ];
  return (
    <>
      <DataTable label={t('Version tags')} columns={columns} rows={tags} rowKey={(tag) => tag.id} />
      {untag && <UntagAll of={untag} close={() => setUntag(undefined)} />}
    </>
  );
}

function UntagAll({ of: tag, close }: { of: Tag; close: () => void }) {
  const carriers = useAsk('listPackages', { query: { tag: tag.id, limit: 50 } });
  return <Loaded of={carriers}>{({ items }) => <UntagDialog packages={items ?? []} close={close} />}</Loaded>;
}

function Carriers({ of: tag }: { of: Tag }) {
  const carriers = useAsk('listPackages', { query: { tag: tag.id, limit: 1, total: true } });
  return (
    <To to="/packages" search={{ tag: tag.id }}>
      {tn(carriers.data?.total ?? 0, '{n} package', '{n} packages')}
    </To>
  );
}

/** Rename edits a name where it stands: Enter saves, Esc leaves it. */
function Rename({ of: tag, close }: { of: Tag; close: () => void }) {
  const layout = useLayout();
  const [name, setName] = useState(tag.name);
  const run = useRun();
  const rename = intent(
    'renameTag',
    { path: { tag: tag.id }, body: { name: name.trim() } },
    'tag',
    'rename',
    tag.name,
    name.trim(),
  );
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (name.trim() === tag.name || name.trim() === '') {
      close();
      return;
    }
    run.mutate([rename], {
      onSuccess: () => {
        tell(t('The tag is called {name} in the draft.', { name: name.trim() }));
        close();
      },
    });
  };
  return (
    <form onSubmit={submit} className={layout.column}>
      {run.error && <ErrorNotice error={run.error} />}
      <span className={layout.row}>
        <Input
          autoFocus
          aria-label={t('New name of {what}', { what: tag.name })}
          value={name}
          onChange={(_, { value }) => setName(value)}
          onKeyDown={(event) => event.key === 'Escape' && close()}
        />
        <Button type="submit" size="small" appearance="primary">
          {t('Save')}
        </Button>
        <Button size="small" onClick={close}>
          {t('Cancel')}
        </Button>
      </span>
      <Commands of={[rename]} />
    </form>
  );
}

function History({ of: tag }: { of: Tag }) {
  const moves = useAsk('listTagHistory', { path: { tag: tag.id }, query: { limit: 20 } });
  const not = useWhyNot('contributor');
  const [back, setBack] = useState<TagMove>();
  const columns: Column<TagMove>[] = [
    { name: t('When'), short: true, cell: (m) => <Time at={m.at} /> },
    { name: t('Who'), cell: (m) => m.by },
    { name: t('Family'), long: true, cell: (m) => m.family },
    { name: t('From'), short: true, cell: (m) => (m.previous ? versionOf(m.previous) : t('none')) },
    { name: t('To'), short: true, cell: (m) => (m.version ? versionOf(m.version) : t('none')) },
    {
      name: t('Actions'),
      quiet: true,
      cell: (m) =>
        m.previous ? (
          <ActionButton
            size="small"
            why={not}
            aria-label={t('Move back {tag} for {family}', { tag: tag.name, family: m.family })}
            onClick={() => setBack(m)}
          >
            {t('Move back')}
          </ActionButton>
        ) : null,
    },
  ];
  return (
    <Section title={t('Where {name} pointed', { name: tag.name })}>
      <Loaded of={moves}>
        {({ items }) =>
          items?.length ? (
            <DataTable label={t('History')} columns={columns} rows={items} rowKey={(m) => `${m.at} ${m.family}`} />
          ) : (
            <Text>{t('It has not pointed anywhere yet.')}</Text>
          )
        }
      </Loaded>
      {back && (
        <ActionDialog
          title={t('Move {tag} back?', { tag: tag.name })}
          confirm={t('Move back')}
          intents={[
            intent(
              'rollBackTag',
              { path: { tag: tag.id }, body: { family: back.family } },
              'tag',
              'rollback',
              tag.name,
              '--family',
              back.family,
            ),
          ]}
          close={() => setBack(undefined)}
          done={t('The tag is moved back in the draft.')}
        >
          <Text>
            {t('For {family} it means the version of before again. Hosts that follow the tag get that version.', {
              family: back.family,
            })}
          </Text>
        </ActionDialog>
      )}
    </Section>
  );
}
