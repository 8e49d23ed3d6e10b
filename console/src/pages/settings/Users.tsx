import { Badge, Button, Checkbox, Field, Input, Select, Text } from '@fluentui/react-components';
import { AddRegular, DeleteRegular, EditRegular, KeyRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { intent } from '../../api/intent';
import { useAskFarm, useSites, useWho, useWhyNot } from '../../api/queries';
import type { Grant, SignIn, User } from '../../api/schema';
import { ActionButton, ActionDialog } from '../../parts/Action';
import { DataTable, type Column } from '../../parts/DataTable';
import { Section } from '../../parts/Facts';
import { Empty, Loaded } from '../../parts/Page';
import { useLayout } from '../../parts/styles';
import { Time } from '../../parts/Time';
import { t } from '../../text/t';

type Asking = { what: 'add' } | { what: 'edit' | 'remove' | 'password'; user: User };

/** grantWords says roles in words. */
export const grantWords = (roles: Grant[] | null | undefined): string =>
  roles?.length
    ? roles
        .map((g) =>
          g.site ? t('{role} in {site}', { role: g.role, site: g.site }) : t('{role} everywhere', { role: g.role }),
        )
        .join(', ')
    : t('no role');

/** roleFlags are the roles as the command line takes them. */
export const roleFlags = (roles: Grant[]): string[] =>
  roles.flatMap((g) => ['--role', g.site ? `${g.role}@${g.site}` : g.role]);

/** Users lists who may sign in by password, with their roles and sessions. */
export function Users() {
  const layout = useLayout();
  const not = useWhyNot('owner', true);
  const users = useAskFarm('listUsers', {}, { off: not !== undefined });
  const [asking, setAsking] = useState<Asking>();
  const close = () => setAsking(undefined);
  const columns: Column<User>[] = [
    { name: t('Name'), cell: (u) => u.name },
    { name: t('Shown as'), cell: (u) => u.displayName ?? '' },
    { name: t('Roles'), cell: (u) => grantWords(u.roles) },
    {
      name: t('State'),
      cell: (u) =>
        u.disabled ? (
          <Badge color="warning" appearance="tint">
            {t('disabled')}
          </Badge>
        ) : (
          t('may sign in')
        ),
    },
    { name: t('Password set'), short: true, cell: (u) => <Time at={u.passwordAt} /> },
    {
      name: t('Actions'),
      quiet: true,
      cell: (u) => (
        <span className={layout.row}>
          <Button
            size="small"
            appearance="subtle"
            icon={<EditRegular />}
            aria-label={t('Change {what}', { what: u.name })}
            onClick={() => setAsking({ what: 'edit', user: u })}
          />
          <Button
            size="small"
            appearance="subtle"
            icon={<KeyRegular />}
            aria-label={t('Set the password of {what}', { what: u.name })}
            onClick={() => setAsking({ what: 'password', user: u })}
          />
          <Button
            size="small"
            appearance="subtle"
            icon={<DeleteRegular />}
            aria-label={t('Remove {what}', { what: u.name })}
            onClick={() => setAsking({ what: 'remove', user: u })}
          />
        </span>
      ),
    },
  ];
  return (
    <>
      <div>
        <ActionButton icon={<AddRegular />} why={not} onClick={() => setAsking({ what: 'add' })}>
          {t('Add a user')}
        </ActionButton>
      </div>
      {not !== undefined ? (
        <Text>{not}</Text>
      ) : (
        <Loaded of={users}>
          {({ items }) =>
            items?.length ? (
              <DataTable label={t('Users')} columns={columns} rows={items} rowKey={(u) => u.name} />
            ) : (
              <Empty title={t('There is no user yet')}>
                <Text>
                  {t(
                    'So far only tokens open this server. Add a user for everybody who works with it, so that the audit can name them.',
                  )}
                </Text>
              </Empty>
            )
          }
        </Loaded>
      )}
      <Section title={t('Sessions')}>
        <Sessions all={not === undefined} />
      </Section>
      {asking?.what === 'add' && <UserDialog close={close} />}
      {asking?.what === 'edit' && <UserDialog edit={asking.user} close={close} />}
      {asking?.what === 'password' && <PasswordDialog of={asking.user} close={close} />}
      {asking?.what === 'remove' && (
        <ActionDialog
          title={t('Remove {what}?', { what: asking.user.name })}
          confirm={t('Remove')}
          intents={[intent('removeUser', { path: { user: asking.user.name } }, 'user', 'remove', asking.user.name)]}
          close={close}
          danger
          done={t('{what} was removed.', { what: asking.user.name })}
        >
          <Text>{t('The sessions of this user end at once. What the audit says of them stays.')}</Text>
        </ActionDialog>
      )}
    </>
  );
}

/** NewUser is the button that makes a user, for pages that need one. */
export function NewUser({ owner }: { owner?: boolean }) {
  const not = useWhyNot('owner', true);
  const [asking, setAsking] = useState(false);
  return (
    <div>
      <ActionButton appearance="primary" icon={<AddRegular />} why={not} onClick={() => setAsking(true)}>
        {t('Make an account')}
      </ActionButton>
      {asking && <UserDialog owner={owner} close={() => setAsking(false)} />}
    </div>
  );
}

const shortest = 12;

/** RoleFields chooses one role in one site, or everywhere. */
export function RoleFields({
  role,
  site,
  set,
}: {
  role: string;
  site: string;
  set: (role: string, site: string) => void;
}) {
  const layout = useLayout();
  const sites = useSites().data?.items ?? [];
  return (
    <div className={layout.end}>
      <Field label={t('Role')}>
        <Select value={role} onChange={(_, { value }) => set(value, site)}>
          <option value="reader">{t('reader: may look')}</option>
          <option value="contributor">{t('contributor: may change and apply')}</option>
          <option value="owner">{t('owner: may also manage access')}</option>
        </Select>
      </Field>
      <Field label={t('In')}>
        <Select value={site} onChange={(_, { value }) => set(role, value)}>
          <option value="">{t('every site')}</option>
          {sites.map((s) => (
            <option key={s.name}>{s.name}</option>
          ))}
        </Select>
      </Field>
    </div>
  );
}

interface RoleListProps {
  grants: Grant[];
  set: (grants: Grant[]) => void;
}

/** RoleList edits roles, each in one site or everywhere. */
export function RoleList({ grants, set }: RoleListProps) {
  const layout = useLayout();
  const put = (at: number, grant: Grant) => set(grants.map((g, i) => (i === at ? grant : g)));
  return (
    <div role="group" aria-label={t('Roles')} className={layout.column}>
      {grants.length === 0 && <Text>{t('No role: may sign in, and see nothing.')}</Text>}
      {grants.map((g, i) => (
        <div key={`${i + 1}`} className={layout.end} role="group" aria-label={t('Role {n}', { n: i + 1 })}>
          <RoleFields
            role={g.role}
            site={g.site ?? ''}
            set={(role, site) => put(i, { role, ...(site === '' ? {} : { site }) })}
          />
          <Button
            appearance="subtle"
            icon={<DeleteRegular />}
            aria-label={t('Take role {n} away', { n: i + 1 })}
            onClick={() => set(grants.filter((_, at) => at !== i))}
          />
        </div>
      ))}
      <div>
        <Button icon={<AddRegular />} size="small" onClick={() => set([...grants, { role: 'reader' }])}>
          {grants.length === 0 ? t('Give a role') : t('Give another role')}
        </Button>
      </div>
    </div>
  );
}

/** twice says which site has two of the roles, of which only one can count. */
function twice(grants: Grant[]): string | undefined {
  const sites = grants.map((g) => (g.site ?? '').toLowerCase());
  const site = sites.find((s, i) => sites.indexOf(s) !== i);
  if (site === undefined) return undefined;
  return site === '' ? t('Two roles are for every site.') : t('Two roles are for site {site}.', { site });
}

function UserDialog({ edit, owner, close }: { edit?: User; owner?: boolean | undefined; close: () => void }) {
  const [name, setName] = useState(edit?.name ?? '');
  const [shown, setShown] = useState(edit?.displayName ?? '');
  const [password, setPassword] = useState('');
  const [grants, setGrants] = useState<Grant[]>(
    edit ? (edit.roles ?? []) : [{ role: owner ? 'owner' : 'contributor' }],
  );
  const [disabled, setDisabled] = useState(edit?.disabled ?? false);
  const called = name.trim();
  const naming = shown === (edit?.displayName ?? '') ? [] : ['--display-name', shown];
  const make = () =>
    edit
      ? intent(
          'editUser',
          { path: { user: edit.name }, body: { displayName: shown, disabled, roles: grants } },
          'user',
          'set',
          edit.name,
          ...naming,
          ...roleFlags(grants),
          ...(grants.length === 0 ? ['--role', ''] : []),
          ...(disabled === edit.disabled ? [] : [disabled ? '--disable' : '--enable']),
        )
      : intent(
          'createUser',
          { body: { name: called, displayName: shown, password, roles: grants } },
          'user',
          'add',
          called,
          ...naming,
          ...roleFlags(grants),
        );
  const ready = edit !== undefined || (called !== '' && password.length >= shortest);
  return (
    <ActionDialog
      title={edit ? t('Change {what}', { what: edit.name }) : t('Add a user')}
      confirm={edit ? t('Save') : t('Add')}
      intents={ready ? [make()] : []}
      close={close}
      why={twice(grants)}
      done={edit ? t('{what} was changed.', { what: edit.name }) : t('{what} may sign in now.', { what: called })}
    >
      {!edit && (
        <Field label={t('Name')} required>
          <Input value={name} autoComplete="off" onChange={(_, { value }) => setName(value)} />
        </Field>
      )}
      <Field label={t('Shown as')}>
        <Input value={shown} autoComplete="off" onChange={(_, { value }) => setShown(value)} />
      </Field>
      {!edit && (
        <Field label={t('Password')} required hint={t('At least 12 characters, and not the name.')}>
          <Input
            type="password"
            autoComplete="new-password"
            value={password}
            onChange={(_, { value }) => setPassword(value)}
          />
        </Field>
      )}
      <RoleList grants={grants} set={setGrants} />
      {edit && (
        <Checkbox
          label={t('Disabled: may sign in no more, and sessions end')}
          checked={disabled}
          onChange={(_, { checked }) => setDisabled(checked === true)}
        />
      )}
    </ActionDialog>
  );
}

function PasswordDialog({ of: user, close }: { of: User; close: () => void }) {
  const me = useWho().data?.name.toLowerCase() === user.name.toLowerCase();
  const [password, setPassword] = useState('');
  const [current, setCurrent] = useState('');
  const body = { password, ...(me ? { current } : {}) };
  const ready = password.length >= shortest && (!me || current !== '');
  return (
    <ActionDialog
      title={t('Set the password of {what}', { what: user.name })}
      confirm={t('Set it')}
      intents={ready ? [intent('setPassword', { path: { user: user.name }, body }, 'user', 'password', user.name)] : []}
      close={close}
      done={t('The password of {what} was set. Other sessions of this user ended.', { what: user.name })}
    >
      {me && (
        <Field label={t('Present password')} required>
          <Input
            type="password"
            autoComplete="current-password"
            value={current}
            onChange={(_, { value }) => setCurrent(value)}
          />
        </Field>
      )}
      <Field label={t('New password')} required hint={t('At least 12 characters, and not the name.')}>
        <Input
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={(_, { value }) => setPassword(value)}
        />
      </Field>
    </ActionDialog>
  );
}

function Sessions({ all }: { all: boolean }) {
  const sessions = useAskFarm('listSessions', { query: { all } });
  const me = useWho().data?.session;
  const [ending, setEnding] = useState<SignIn>();
  const columns: Column<SignIn>[] = [
    { name: t('User'), cell: (s) => s.user },
    { name: t('Through'), cell: (s) => s.face ?? '' },
    { name: t('Address'), cell: (s) => s.address ?? '' },
    { name: t('Began'), short: true, cell: (s) => <Time at={s.createdAt} /> },
    { name: t('Last used'), short: true, cell: (s) => <Time at={s.usedAt} /> },
    {
      name: t('Actions'),
      quiet: true,
      cell: (s) =>
        s.id === me ? (
          t('this one')
        ) : (
          <Button
            size="small"
            aria-label={t('End it: the session of {what}', { what: s.user })}
            onClick={() => setEnding(s)}
          >
            {t('End it')}
          </Button>
        ),
    },
  ];
  return (
    <>
      <Loaded of={sessions}>
        {({ items }) =>
          items?.length ? (
            <DataTable label={t('Sessions')} columns={columns} rows={items} rowKey={(s) => s.id} />
          ) : (
            <Text>{t('Nobody has signed in by password.')}</Text>
          )
        }
      </Loaded>
      {ending && (
        <ActionDialog
          title={t('End the session of {what}?', { what: ending.user })}
          confirm={t('End it')}
          intents={[intent('endSession', { path: { session: ending.id } }, 'session', 'end', ending.id)]}
          close={() => setEnding(undefined)}
          danger
          done={t('The session ended.')}
        >
          <Text>{t('Whoever uses it must sign in again.')}</Text>
        </ActionDialog>
      )}
    </>
  );
}
