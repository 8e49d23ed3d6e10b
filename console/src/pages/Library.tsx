import { Button, Field, Input, Select, Spinner, Text } from '@fluentui/react-components';
import { BoxRegular, ShieldCheckmarkRegular } from '@fluentui/react-icons';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { Search } from '../logic/search';
import { intent } from '../api/intent';
import { useAsk, useRun, useWhyNot } from '../api/queries';
import type { ImageEntry, ImageView, Task } from '../api/schema';

import { ActionButton, ActionDialog } from '../parts/Action';
import { Commands } from '../parts/Command';
import { DataTable, type Column } from '../parts/DataTable';
import { ErrorNotice } from '../parts/ErrorNotice';
import { Facts, Section } from '../parts/Facts';
import { Filters } from '../parts/Filters';
import { JSONView } from '../parts/JSONView';
import { tell } from '../parts/notices';
import { Empty, Loaded, Page } from '../parts/Page';
import { Pager, pageSize } from '../parts/Pager';
import { useLayout } from '../parts/styles';
import { Moment, Time } from '../parts/Time';
import { To } from '../parts/To';
import { t } from '../text/t';
import { Browse } from './Browse';
import { AboutImage, Checks } from './Inspection';
import { TaskLog, TaskState } from './TaskLog';

/** Images is the library: what lies on the shares, looked into, verified and built here. */
export function Images() {
  const { path = '', key } = useSearch({ strict: false });
  const navigate = useNavigate();
  const not = useWhyNot('contributor');
  const [building, setBuilding] = useState<string>();
  const open = (folder: string) => void navigate({ to: '/images', search: { path: folder || undefined } });
  const choose = (e: ImageEntry) =>
    e.kind === 'package'
      ? setBuilding(e.path)
      : void navigate({ to: '/images', search: (b: Search) => ({ ...b, key: e.path }) });
  return (
    <Page
      title={t('Images')}
      lead={t(
        'What lies on the shares that this server may open. Choose an image to look into it, an MSIX package to build an image of it.',
      )}
      bar={
        <ActionButton appearance="subtle" icon={<BoxRegular />} why={not} onClick={() => setBuilding('')}>
          {t('Build an image')}
        </ActionButton>
      }
    >
      {key !== undefined && (
        <Looked
          key={key}
          path={key}
          close={() => void navigate({ to: '/images', search: (b: Search) => ({ ...b, key: undefined }) })}
        />
      )}
      <Browse folder={path} open={open} choose={choose} want="any" />
      {building !== undefined && <BuildDialog source={building} folder={path} close={() => setBuilding(undefined)} />}
    </Page>
  );
}

/** Looked shows what is in an image: a task reads it, so that even a large one may take its time. */
function Looked({ path, close }: { path: string; close: () => void }) {
  const layout = useLayout();
  const navigate = useNavigate();
  const run = useRun();
  const not = useWhyNot('contributor');
  const [task, setTask] = useState<string>();
  const begin = (kind: 'inspect' | 'verify') =>
    run.mutate([intent('startTask', { body: { kind, path } }, 'image', kind, path)], {
      onSuccess: ([answer]) => setTask((answer as Task).id),
    });
  return (
    <Section title={path}>
      {run.error && <ErrorNotice error={run.error} />}
      <div className={layout.row}>
        <ActionButton why={not} onClick={() => begin('inspect')}>
          {t('Look into it')}
        </ActionButton>
        <ActionButton icon={<ShieldCheckmarkRegular />} why={not} onClick={() => begin('verify')}>
          {t('Verify every file')}
        </ActionButton>
        <ActionButton why={not} onClick={() => void navigate({ to: '/packages/add', search: { path } })}>
          {t('Add a package of it')}
        </ActionButton>
        <Button onClick={close}>{t('Close')}</Button>
      </div>
      <Commands of={[intent('startTask', { body: { kind: 'verify', path } }, 'image', 'verify', path)]} />
      {task !== undefined && <TaskOf id={task} />}
    </Section>
  );
}

const going = (state: string) => state === 'queued' || state === 'running';

/** TaskOf follows one task. */
function TaskOf({ id }: { id: string }) {
  const layout = useLayout();
  const task = useAsk('getTask', { path: { task: id } }, { every: 1_000 });
  return (
    <Loaded of={task}>
      {(x) => (
        <div className={layout.column}>
          <div className={layout.row}>
            <TaskState state={x.state} />
            {going(x.state) && <Spinner size="tiny" label={t('The server is at work')} labelPosition="after" />}
            {going(x.state) && <Cancel of={x} />}
          </div>
          <Result of={x} />
          <TaskLog of={x} />
        </div>
      )}
    </Loaded>
  );
}

function Cancel({ of: x }: { of: Task }) {
  const run = useRun();
  const not = useWhyNot('contributor');
  const cancel = () =>
    run.mutate(
      [intent('cancelTask', { path: { task: x.id } }, 'api', 'POST', `/sites/${x.site}/tasks/${x.id}/cancel`)],
      { onSuccess: () => tell(t('The task was told to end.')) },
    );
  return (
    <>
      {run.error && <ErrorNotice error={run.error} />}
      <ActionButton
        size="small"
        why={not}
        aria-label={t('Cancel the task about {what}', { what: x.subject })}
        onClick={cancel}
      >
        {t('Cancel')}
      </ActionButton>
    </>
  );
}

/** Result shows what a task found, in the form of its kind. */
function Result({ of: x }: { of: Task }) {
  const layout = useLayout();
  if (x.failure) {
    return (
      <Facts
        rows={[
          [t('Failed'), x.failure.message],
          [t('Code'), x.failure.code ?? t('none')],
          [t('What to do'), x.failure.remedy ?? t('see the log')],
        ]}
      />
    );
  }
  if (x.state !== 'done' || x.result === undefined || x.result === null) return null;
  if (x.kind === 'inspect') {
    const view = x.result as ImageView;
    return (
      <div className={layout.column}>
        <AboutImage of={view} />
        {(view.packages ?? []).map((p) => (
          <Section key={p.fullName} title={`${p.displayName} ${p.version}`}>
            <Text className={layout.mono}>{p.fullName}</Text>
            <Checks of={p} />
          </Section>
        ))}
      </div>
    );
  }
  if (x.kind === 'verify') {
    const { ok, packages } = x.result as {
      ok: boolean;
      packages: { fullName: string; ok: boolean; failure?: { message: string; code?: string } }[] | null;
    };
    return (
      <div className={layout.column}>
        <Text weight="semibold">
          {ok ? t('Every file of every package is as it was signed.') : t('Not every file is as it was signed.')}
        </Text>
        <ul className={layout.list}>
          {(packages ?? []).map((p) => (
            <li key={p.fullName}>
              {p.fullName}: {p.ok ? t('good') : `${p.failure?.message ?? t('failed')} ${p.failure?.code ?? ''}`}
            </li>
          ))}
        </ul>
      </div>
    );
  }
  return <JSONView label={t('Result')} value={x.result} />;
}

/** BuildDialog makes an image of an MSIX package. */
function BuildDialog({ source, folder, close }: { source: string; folder: string; close: () => void }) {
  const navigate = useNavigate();
  const [from, setFrom] = useState(source);
  const [format, setFormat] = useState('vhdx');
  const base = source.replace(/\.(msix|appx)(bundle)?$/i, '');
  const [out, setOut] = useState(
    source === '' ? (folder === '' ? '' : `${folder}${folder.includes('\\') ? '\\' : '/'}`) : `${base}.vhdx`,
  );
  const ready = from.trim() !== '' && /\.(vhdx?|cim)$/i.test(out.trim());
  const build = { packages: [from.trim()], out: out.trim(), format };
  return (
    <ActionDialog
      title={t('Build an image')}
      confirm={t('Build')}
      intents={
        ready
          ? [
              intent(
                'startTask',
                { body: { kind: 'build', build } },
                'image',
                'build',
                from.trim(),
                '--out',
                out.trim(),
                '--format',
                format,
              ),
            ]
          : []
      }
      close={close}
      after={() => void navigate({ to: '/tasks' })}
      done={t('The build is under way; it stands under Tasks.')}
    >
      <Field
        label={t('MSIX package')}
        required
        hint={t('Path of a signed .msix or .appx below the roots that the server may open.')}
      >
        <Input value={from} onChange={(_, { value }) => setFrom(value)} />
      </Field>
      <Field
        label={t('Image to write')}
        required
        hint={t('A new file that ends in .vhdx or .vhd. One that is there is never overwritten.')}
      >
        <Input value={out} onChange={(_, { value }) => setOut(value)} />
      </Field>
      <Field label={t('Form')}>
        <Select
          value={format}
          onChange={(_, { value }) => {
            setFormat(value);
            setOut(out.replace(/\.vhdx?$/i, `.${value}`));
          }}
        >
          <option value="vhdx">VHDX</option>
          <option value="vhd">VHD</option>
        </Select>
      </Field>
    </ActionDialog>
  );
}

const kinds: Record<string, string> = {
  inspect: t('Inspection'),
  verify: t('Verification'),
  add: t('Adding a package'),
  build: t('Building an image'),
};

/** Tasks lists what the server does, and did, while nobody waited. */
export function Tasks() {
  const { after, state, key } = useSearch({ strict: false });
  const navigate = useNavigate();
  const tasks = useAsk(
    'listTasks',
    { query: { open: state === 'open' || undefined, after, limit: pageSize } },
    { keep: true },
  );
  const columns: Column<Task>[] = [
    { name: t('State'), short: true, cell: (x) => <TaskState state={x.state} /> },
    { name: t('Task'), cell: (x) => kinds[x.kind] ?? x.kind },
    { name: t('About'), long: true, cell: (x) => x.subject },
    { name: t('By'), cell: (x) => x.by },
    { name: t('Asked'), short: true, cell: (x) => <Time at={x.askedAt} /> },
    { name: t('Ended'), short: true, cell: (x) => <Moment at={x.endedAt} none={t('not yet')} /> },
    {
      name: t('Actions'),
      quiet: true,
      cell: (x) => (
        <>
          <Button
            size="small"
            aria-label={t('Log and result of the task about {what}', { what: x.subject })}
            onClick={() => void navigate({ to: '.', search: (b: Search) => ({ ...b, key: x.id }) })}
          >
            {t('Log and result')}
          </Button>{' '}
          {going(x.state) && <Cancel of={x} />}
        </>
      ),
    },
  ];
  return (
    <Page title={t('Tasks')} lead={t('Inspections, verifications, packages being added and images being built.')}>
      <Filters
        choices={[
          {
            name: 'state',
            label: t('Show'),
            all: t('All tasks'),
            options: [{ value: 'open', text: t('Those that wait or run') }],
          },
        ]}
      />
      {key !== undefined && (
        <Section title={t('Task')}>
          <TaskOf key={key} id={key} />
          <div>
            <Button onClick={() => void navigate({ to: '.', search: (b: Search) => ({ ...b, key: undefined }) })}>
              {t('Close')}
            </Button>
          </div>
        </Section>
      )}
      <Loaded of={tasks}>
        {({ items, next }) =>
          items?.length ? (
            <>
              <DataTable
                label={t('Tasks')}
                columns={columns}
                rows={items}
                rowKey={(x) => x.id}
                bad={(x) => x.state === 'failed'}
              />
              <Pager next={next} shown={items.length} />
            </>
          ) : (
            <Empty title={t('There is no task')}>
              <Text>
                {t('Look into an image, verify or build one under')} <To to="/images">{t('Images')}</To>.
              </Text>
            </Empty>
          )
        }
      </Loaded>
    </Page>
  );
}
