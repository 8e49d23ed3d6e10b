import { Badge, Switch, Text } from '@fluentui/react-components';
import { AddRegular, DeleteRegular, EditRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { etagOf } from '../api/ask';
import { intent } from '../api/intent';
import { useAsk, useSettings, useWhyNot } from '../api/queries';
import type { Assignment, Assignments as List } from '../api/schema';
import { hostKind } from '../logic/format';
import { registrationName, selectorName } from '../logic/why';
import { ActionButton, ActionDialog } from '../parts/Action';
import { DataTable, type Column } from '../parts/DataTable';
import { Effect } from '../parts/Effect';
import { Empty, Loaded } from '../parts/Page';
import { useLayout } from '../parts/styles';
import { To } from '../parts/To';
import { t, tn } from '../text/t';
import { AssignDialog } from './AssignDialog';

export type HolderKind = 'hosts' | 'pools' | 'defaults';

/** Holder is what has a list of assignments: a host, a pool, or the defaults of a kind of host. */
export interface Holder {
  holder: HolderKind;
  name: string;
}

const flags: Record<HolderKind, string> = { hosts: '--host', pools: '--pool', defaults: '--defaults' };
export const flagOf = ({ holder, name }: Holder): string[] => [flags[holder], name];

interface Props extends Holder {
  /** From where the list is inherited; site defaults inherit from nowhere. */
  above?: Holder | undefined;
}

/** aboveName names the level that a list is inherited from. */
function AboveLink({ of: { holder, name } }: { of: Holder }) {
  if (holder === 'pools') {
    return (
      <To to="/pools/$id" params={{ id: name }}>
        {t('pool {name}', { name })}
      </To>
    );
  }
  return (
    <To to="/defaults" search={{ tab: name }}>
      {t('site defaults for {kind}', { kind: hostKind(name) })}
    </To>
  );
}

/** Above leads to the level that is inherited from, or would be: to see it, and to add there. */
function Above({ of: { holder, name } }: { of: Holder }) {
  return (
    <div>
      {holder === 'pools' ? (
        <To to="/pools/$id" params={{ id: name }}>
          {t('Open the list of pool {name}', { name })}
        </To>
      ) : (
        <To to="/defaults" search={{ tab: name }}>
          {t('Site defaults')}
        </To>
      )}
    </div>
  );
}

/** AssignmentList edits the list of a holder, and shows what it inherits where it has none of its own. */
export function AssignmentList({ holder, name, above }: Props) {
  const own = useAsk('listAssignments', { path: { holder, name } });
  return (
    <Loaded of={own}>
      {(list) => <Editor holder={holder} name={name} above={above} list={list} etag={etagOf(list)} />}
    </Loaded>
  );
}

interface EditorProps extends Props {
  list: List;
  etag: string | undefined;
}

function Editor({ holder, name, above, list, etag }: EditorProps) {
  const layout = useLayout();
  const not = useWhyNot('contributor');
  const [asking, setAsking] = useState<'add' | 'inherit' | 'own' | Assignment>();
  const [gone, setGone] = useState<Assignment>();
  const close = () => setAsking(undefined);
  const items = list.assignments ?? [];
  const of = { holder, name };
  return (
    <div className={layout.column}>
      {above && (
        <Switch
          label={t('Inherit default settings')}
          checked={list.inherit}
          disabled={not !== undefined}
          title={not}
          onChange={(_, { checked }) => setAsking(checked ? 'inherit' : 'own')}
        />
      )}
      {above && <Above of={above} />}
      {above && list.inherit ? (
        <Inherited from={above} />
      ) : (
        <>
          <div className={layout.row}>
            <ActionButton icon={<AddRegular />} why={not} onClick={() => setAsking('add')}>
              {t('Add')}
            </ActionButton>
          </div>
          {items.length > 0 ? (
            <Rows items={items} not={not} edit={setAsking} remove={setGone} />
          ) : (
            <Empty title={t('Nothing is assigned here')}>
              <Text>
                {t('“Add” assigns packages: by a version tag, so that updates follow the tag, or by an exact version.')}
              </Text>
            </Empty>
          )}
        </>
      )}
      {asking === 'inherit' && <InheritDialog of={of} inherit etag={etag} close={close} items={items} />}
      {asking === 'own' && <InheritDialog of={of} inherit={false} etag={etag} close={close} items={items} />}
      {asking === 'add' && <AssignDialog of={of} close={close} etag={etag} />}
      {typeof asking === 'object' && <AssignDialog of={of} close={close} etag={etag} edit={asking} />}
      {gone && <RemoveDialog of={of} gone={gone} etag={etag} close={() => setGone(undefined)} />}
    </div>
  );
}

/** useFamilies gives families their display names. */
export function useFamilies() {
  const packages = useAsk('listPackages', { query: { limit: 500 } });
  const names = new Map<string, string>();
  for (const p of packages.data?.items ?? []) names.set(p.familyName.toLowerCase(), p.displayName);
  return { nameOf: (family: string) => names.get(family.toLowerCase()) ?? family, packages };
}

interface RowsProps {
  items: Assignment[];
  not: string | undefined;
  edit?: (a: Assignment) => void;
  remove?: (a: Assignment) => void;
}

function Rows({ items, not, edit, remove }: RowsProps) {
  const layout = useLayout();
  const tags = useSettings().data?.tags;
  const { nameOf } = useFamilies();
  const columns: Column<Assignment>[] = [
    { name: t('Package'), cell: (a) => <span title={a.family}>{nameOf(a.family)}</span> },
    { name: t('Family'), long: true, cell: (a) => a.family },
    { name: t('Version'), cell: (a) => selectorName(a, tags) },
    { name: t('Registered'), cell: (a) => registrationName(a.registration) },
  ];
  if (edit && remove) {
    columns.push({
      name: t('Actions'),
      quiet: true,
      cell: (a) => (
        <span className={layout.row}>
          <ActionButton
            size="small"
            appearance="subtle"
            icon={<EditRegular />}
            why={not}
            aria-label={t('Change {what}', { what: nameOf(a.family) })}
            onClick={() => edit(a)}
          />
          <ActionButton
            size="small"
            appearance="subtle"
            icon={<DeleteRegular />}
            why={not}
            aria-label={t('Remove {what}', { what: nameOf(a.family) })}
            onClick={() => remove(a)}
          />
        </span>
      ),
    });
  }
  return <DataTable label={t('Assigned packages')} columns={columns} rows={items} rowKey={(a) => a.family} />;
}

function Inherited({ from }: { from: Holder }) {
  const layout = useLayout();
  const above = useAsk('listAssignments', { path: from });
  return (
    <Loaded of={above}>
      {(list) => (
        <div className={layout.column}>
          <Text>
            <Badge appearance="tint" color="informative">
              {t('inherited')}
            </Badge>{' '}
            {t('This list comes from')} <AboveLink of={from} />.
          </Text>
          {list.inherit && from.holder === 'pools' ? (
            <Text>{t('That pool inherits too, from the site defaults.')}</Text>
          ) : list.assignments?.length ? (
            <div className={layout.soft}>
              <Rows items={list.assignments} not={undefined} />
            </div>
          ) : (
            <Text>{t('It is empty.')}</Text>
          )}
        </div>
      )}
    </Loaded>
  );
}

interface InheritProps {
  of: Holder;
  inherit: boolean;
  etag: string | undefined;
  items: Assignment[];
  close: () => void;
}

function InheritDialog({ of, inherit, etag, items, close }: InheritProps) {
  const edit = intent(
    'setInherit',
    { path: of, body: { inherit }, ...(etag ? { ifMatch: etag } : {}) },
    'assign',
    'inherit',
    ...flagOf(of),
    ...(inherit ? [] : ['--off']),
  );
  return (
    <ActionDialog
      title={inherit ? t('Inherit the list of the level above?') : t('Stop inheriting?')}
      confirm={inherit ? t('Inherit') : t('Copy the list')}
      intents={[edit]}
      close={close}
      danger={inherit && items.length > 0}
      done={
        inherit
          ? t('{name} inherits in the draft.', { name: of.name })
          : t('{name} has a list of its own in the draft.', { name: of.name })
      }
    >
      <Text>
        {inherit
          ? items.length > 0
            ? tn(items.length, 'The {n} entry of its own list is lost.', 'The {n} entries of its own list are lost.')
            : t('It has no entries of its own.')
          : t('The inherited list is copied; from then on changes above do not come through.')}
      </Text>
      {inherit && <Effect of={edit} />}
    </ActionDialog>
  );
}

function RemoveDialog({
  of,
  gone,
  etag,
  close,
}: {
  of: Holder;
  gone: Assignment;
  etag: string | undefined;
  close: () => void;
}) {
  const { nameOf } = useFamilies();
  const edit = intent(
    'unassign',
    { path: { ...of, family: gone.family }, ...(etag ? { ifMatch: etag } : {}) },
    'assign',
    'remove',
    gone.family,
    ...flagOf(of),
  );
  return (
    <ActionDialog
      title={t('Remove {what} from this list?', { what: nameOf(gone.family) })}
      confirm={t('Remove')}
      intents={[edit]}
      close={close}
      danger
      done={t('{what} is removed in the draft.', { what: nameOf(gone.family) })}
    >
      <Effect of={edit} />
    </ActionDialog>
  );
}
