import {
  Button,
  Checkbox,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  DialogTrigger,
  makeStyles,
  MessageBar,
  MessageBarBody,
  Text,
  tokens,
} from '@fluentui/react-components';
import { useState } from 'react';
import { useApply, useChanges, useDiscard, useSite, useWho } from '../api/queries';
import type { Change } from '../api/types';
import { changeName, differences, words } from '../logic/change';
import { count } from '../logic/format';

import { DataTable, type Column } from '../parts/DataTable';
import { ErrorNotice } from '../parts/ErrorNotice';
import { Empty, Loaded, Page } from '../parts/Page';
import { SiteCommand } from '../parts/SiteCommand';
import { Time } from '../parts/Time';

const useStyles = makeStyles({
  bar: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM, alignItems: 'center' },
  // It is there before it speaks, or it would not be heard; empty, it takes no room.
  done: { ':empty': { marginTop: `calc(-1 * ${tokens.spacingVerticalL})` } },
  list: { margin: 0, paddingLeft: tokens.spacingHorizontalL },
});

/** Changes are the drafts that hosts do not see yet. */
export function Changes() {
  return (
    <Page title="Pending changes" lead="Drafts. Hosts see nothing of them until they are applied.">
      {/* What was ticked and said is of one site. */}
      <Drafts key={useSite()} />
    </Page>
  );
}

function Drafts() {
  const styles = useStyles();
  const changes = useChanges();
  const [done, setDone] = useState('');
  return (
    <>
      <div role="status" className={styles.done}>
        {done && (
          <MessageBar intent="success">
            <MessageBarBody>{done}</MessageBarBody>
          </MessageBar>
        )}
      </div>
      <Loaded of={changes}>
        {({ items }) => (items.length > 0 ? <Pending items={items} done={setDone} /> : <Nothing />)}
      </Loaded>
    </>
  );
}

function Nothing() {
  return (
    <Empty title="Nothing is pending">
      <Text>What you draft stands here until you apply it. Drafts begin with a command such as:</Text>
      <SiteCommand line="berth tag move Production PACKAGE" />
    </Empty>
  );
}

function Pending({ items, done }: { items: Change[]; done: (text: string) => void }) {
  const styles = useStyles();
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const apply = useApply();
  const discard = useDiscard();
  const mayWrite = useWho().data?.role !== 'reader';

  // Another administrator may have applied what was ticked here.
  const chosen = items.filter((change) => ticked.has(changeName(change)));
  const all = chosen.length === 0 || chosen.length === items.length;
  const subject = all ? items : chosen;
  const names = subject.map(changeName);
  const tick = (name: string, on: boolean) => {
    const next = new Set(ticked);
    if (on) next.add(name);
    else next.delete(name);
    setTicked(next);
  };
  const busy = apply.isPending || discard.isPending;
  const what = all
    ? items.length === 1
      ? 'the change'
      : `all ${items.length} changes`
    : count(chosen.length, 'chosen change');

  return (
    <>
      {(apply.error ?? discard.error) && <ErrorNotice error={apply.error ?? discard.error} />}
      {!mayWrite && <Text>Your role, reader, may look at changes but not apply or discard them.</Text>}
      <div className={styles.bar}>
        <Button
          appearance="primary"
          disabledFocusable={busy || !mayWrite}
          onClick={() =>
            apply.mutate(names, {
              onSuccess: (answer) =>
                done(`Applied ${count(answer.applied.length, 'change')} as generation ${answer.generation}.`),
            })
          }
        >
          {`Apply ${what}`}
        </Button>
        <Discard
          what={what}
          subject={subject}
          disabled={busy || !mayWrite}
          confirm={() =>
            discard.mutate(names, {
              onSuccess: ({ items: gone }) => done(`Discarded ${count(gone.length, 'change')}.`),
            })
          }
        />
        <SiteCommand line={['berth changes apply', ...(all ? [] : names)].join(' ')} />
      </div>
      <Table items={items} ticked={ticked} tick={tick} />
    </>
  );
}

interface DiscardProps {
  what: string;
  subject: Change[];
  disabled: boolean;
  confirm: () => void;
}

/** Discard asks first and names what will be lost. */
function Discard({ what, subject, disabled, confirm }: DiscardProps) {
  const styles = useStyles();
  return (
    <Dialog>
      <DialogTrigger disableButtonEnhancement>
        <Button disabledFocusable={disabled}>{`Discard ${what}`}</Button>
      </DialogTrigger>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{`Discard ${what}?`}</DialogTitle>
          <DialogContent>
            <Text block>These drafts are lost. Hosts keep what was applied last.</Text>
            <ul className={styles.list}>
              {subject.slice(0, 10).map((change) => (
                <li key={changeName(change)}>
                  {change.action} {change.kind} {change.name}
                </li>
              ))}
              {subject.length > 10 && <li>and {subject.length - 10} more</li>}
            </ul>
          </DialogContent>
          <DialogActions>
            <DialogTrigger disableButtonEnhancement>
              <Button appearance="primary" onClick={confirm}>
                Discard
              </Button>
            </DialogTrigger>
            <DialogTrigger disableButtonEnhancement>
              <Button>Keep them</Button>
            </DialogTrigger>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

interface TableProps {
  items: Change[];
  ticked: ReadonlySet<string>;
  tick: (name: string, on: boolean) => void;
}

function Table({ items, ticked, tick }: TableProps) {
  const columns: Column<Change>[] = [
    {
      name: 'Chosen',
      quiet: true,
      cell: (change) => (
        <Checkbox
          aria-label={`Choose ${change.action} ${change.kind} ${change.name}`}
          checked={ticked.has(changeName(change))}
          onChange={(_, { checked }) => tick(changeName(change), checked === true)}
        />
      ),
    },
    { name: 'Action', cell: (change) => change.action },
    { name: 'Object', long: true, cell: (change) => `${change.kind} ${change.name}` },
    { name: 'What', long: true, cell: (change) => <Differences of={change} /> },
    { name: 'By', cell: (change) => change.by },
    { name: 'When', short: true, cell: (change) => <Time at={change.at} /> },
  ];
  return <DataTable label="Pending changes" columns={columns} rows={items} rowKey={changeName} />;
}

function Differences({ of: change }: { of: Change }) {
  const styles = useStyles();
  if (change.action === 'create') return <>new</>;
  if (change.action === 'delete') return <>goes away</>;
  return (
    <ul className={styles.list}>
      {differences(change.before, change.after).map((d) => (
        <li key={d.field}>
          {words(d.field)}: {d.before ?? 'none'} → {d.after ?? 'none'}
        </li>
      ))}
    </ul>
  );
}
