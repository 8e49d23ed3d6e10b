import {
  Button,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  Select,
  Text,
} from '@fluentui/react-components';
import { AddRegular, DeleteRegular, KeyRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { intent } from '../../api/intent';
import { useAskFarm, useSite, useWhyNot } from '../../api/queries';
import type { APIClient, Credential, Grant, NewClientSecret, Secret } from '../../api/schema';
import { day } from '../../logic/format';
import { ActionButton, ActionDialog } from '../../parts/Action';
import { Copyable } from '../../parts/Copy';
import { DataTable, type Column } from '../../parts/DataTable';
import { Section } from '../../parts/Facts';
import { Empty, Loaded } from '../../parts/Page';
import { useLayout } from '../../parts/styles';
import { Moment, Time } from '../../parts/Time';
import { t } from '../../text/t';
import { Revoke, stateOf } from './Agents';
import { grantWords, RoleFields, RoleList, roleFlags } from './Users';

/** Tokens lists what programs sign in with: tokens of this server, and clients as Azure has them. */
export function Tokens() {
  const [shown, setShown] = useState<{ text: string; what: string }>();
  return (
    <>
      {shown && <Once text={shown.text} what={shown.what} />}
      <Section title={t('API tokens')}>
        <TokenList show={(s) => setShown({ text: s.text, what: s.name })} />
      </Section>
      <Section title={t('Clients: service principals for Azure’s tools')}>
        <Clients show={(s) => setShown({ text: s.text, what: s.name ?? s.id })} />
      </Section>
    </>
  );
}

function Once({ text, what }: { text: string; what: string }) {
  return (
    <MessageBar intent="success" layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{t('The secret of {what} is shown this once. Copy it now:', { what })}</MessageBarTitle>{' '}
        <Copyable text={text} what={t('the secret')} />
      </MessageBarBody>
    </MessageBar>
  );
}

function TokenList({ show }: { show: (secret: Secret) => void }) {
  const site = useSite();
  const notFarm = useWhyNot('owner', true);
  const not = useWhyNot('owner');
  const tokens = useAskFarm('listTokens', {}, { off: notFarm !== undefined });
  const [asking, setAsking] = useState<'add' | Credential>();
  const columns: Column<Credential>[] = [
    { name: t('Name'), cell: (c) => c.name },
    { name: t('Role'), cell: (c) => grantWords([{ role: c.role ?? '', ...(c.site ? { site: c.site } : {}) }]) },
    { name: t('State'), cell: stateOf },
    { name: t('Made'), short: true, cell: (c) => <Time at={c.createdAt} /> },
    { name: t('Valid until'), cell: (c) => <Moment at={c.expiresAt} none={t('it is revoked')} /> },
    {
      name: t('Actions'),
      quiet: true,
      cell: (c) =>
        stateOf(c) === t('valid') ? (
          <Button
            size="small"
            icon={<DeleteRegular />}
            aria-label={t('Revoke {what}', { what: c.name })}
            onClick={() => setAsking(c)}
          />
        ) : null,
    },
  ];
  return (
    <>
      <div>
        <ActionButton icon={<AddRegular />} why={not} onClick={() => setAsking('add')}>
          {t('Make a token')}
        </ActionButton>
      </div>
      {notFarm !== undefined ? (
        <Text>{notFarm}</Text>
      ) : (
        <Loaded of={tokens}>
          {({ items }) => (
            <DataTable label={t('API tokens')} columns={columns} rows={items ?? []} rowKey={(c) => c.id} />
          )}
        </Loaded>
      )}
      {asking === 'add' && (
        <TokenDialog site={notFarm === undefined ? '' : site} show={show} close={() => setAsking(undefined)} />
      )}
      {typeof asking === 'object' && <Revoke of={asking} noun="token" close={() => setAsking(undefined)} />}
    </>
  );
}

const roles = ['reader', 'contributor', 'owner'] as const;

function TokenDialog({
  site: begin,
  show,
  close,
}: {
  site: string;
  show: (secret: Secret) => void;
  close: () => void;
}) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<string>('reader');
  const [site, setSite] = useState(begin);
  const [days, setDays] = useState('90');
  const known = roles.find((r) => r === role);
  const intents =
    name.trim() === '' || known === undefined
      ? []
      : [
          intent(
            'createToken',
            { body: { name: name.trim(), role: known, days: Number(days) || 0, ...(site === '' ? {} : { site }) } },
            'token',
            'create',
            name.trim(),
            '--role',
            known,
            ...(Number(days) > 0 ? ['--days', days] : []),
            '--site',
            site === '' ? '*' : site,
          ),
        ];
  return (
    <ActionDialog
      title={t('Make a token')}
      confirm={t('Make')}
      intents={intents}
      close={close}
      done={t('The token was made.')}
      after={([secret]) => show(secret as Secret)}
    >
      <Field label={t('Name')} required hint={t('What it is for. The audit names it so.')}>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <RoleFields
        role={role}
        site={site}
        set={(r, s) => {
          setRole(r);
          setSite(s);
        }}
      />
      <Field label={t('Valid for')}>
        <Select value={days} onChange={(_, { value }) => setDays(value)}>
          {['7', '30', '90', '365'].map((n) => (
            <option key={n} value={n}>
              {t('{n} days', { n })}
            </option>
          ))}
          <option value="0">{t('until it is revoked')}</option>
        </Select>
      </Field>
    </ActionDialog>
  );
}

type Asking =
  | { what: 'add' }
  | { what: 'secret' | 'remove'; client: APIClient }
  | { what: 'end'; client: APIClient; secret: string };

function Clients({ show }: { show: (secret: NewClientSecret) => void }) {
  const layout = useLayout();
  const not = useWhyNot('owner', true);
  const clients = useAskFarm('listClients', {}, { off: not !== undefined });
  const [asking, setAsking] = useState<Asking>();
  const close = () => setAsking(undefined);
  const columns: Column<APIClient>[] = [
    { name: t('Name'), cell: (c) => c.name },
    { name: t('Client id'), long: true, cell: (c) => <Copyable text={c.id} what={t('the client id')} /> },
    { name: t('Roles'), cell: (c) => grantWords(c.roles) },
    {
      name: t('Secrets'),
      cell: (c) => (
        <ul className={layout.plainList}>
          {(c.secrets ?? []).map((s) => (
            <li key={s.id}>
              {t('{name}, until {day}', { name: s.name || s.id, day: day(s.expiresAt) })}{' '}
              <Button
                size="small"
                appearance="subtle"
                icon={<DeleteRegular />}
                aria-label={t('End the secret {name} of {client}', { name: s.name || s.id, client: c.name })}
                onClick={() => setAsking({ what: 'end', client: c, secret: s.id })}
              />
            </li>
          ))}
        </ul>
      ),
    },
    {
      name: t('Actions'),
      quiet: true,
      cell: (c) => (
        <span className={layout.row}>
          <Button
            size="small"
            icon={<KeyRegular />}
            aria-label={t('Make a secret of {what}', { what: c.name })}
            onClick={() => setAsking({ what: 'secret', client: c })}
          />
          <Button
            size="small"
            icon={<DeleteRegular />}
            aria-label={t('Remove {what}', { what: c.name })}
            onClick={() => setAsking({ what: 'remove', client: c })}
          />
        </span>
      ),
    },
  ];
  return (
    <>
      <div>
        <ActionButton icon={<AddRegular />} why={not} onClick={() => setAsking({ what: 'add' })}>
          {t('Make a client')}
        </ActionButton>
      </div>
      {not !== undefined ? (
        <Text>{not}</Text>
      ) : (
        <Loaded of={clients}>
          {({ items }) =>
            items?.length ? (
              <DataTable label={t('Clients')} columns={columns} rows={items} rowKey={(c) => c.id} />
            ) : (
              <Empty title={t('There is no client')}>
                <Text>{t('A client lets Azure’s tools, such as Terraform, sign in with an id and a secret.')}</Text>
              </Empty>
            )
          }
        </Loaded>
      )}
      {asking?.what === 'add' && <ClientDialog close={close} />}
      {asking?.what === 'secret' && <SecretDialog of={asking.client} show={show} close={close} />}
      {asking?.what === 'end' && (
        <ActionDialog
          title={t('End this secret of {what}?', { what: asking.client.name })}
          confirm={t('End it')}
          intents={[
            intent(
              'removeClientSecret',
              { path: { client: asking.client.id, secret: asking.secret } },
              'client',
              'secret',
              asking.client.name,
              '--remove',
              asking.secret,
            ),
          ]}
          close={close}
          danger
          done={t('The secret opens nothing any more.')}
        />
      )}
      {asking?.what === 'remove' && (
        <ActionDialog
          title={t('Remove {what}?', { what: asking.client.name })}
          confirm={t('Remove')}
          intents={[
            intent('removeClient', { path: { client: asking.client.id } }, 'client', 'remove', asking.client.name),
          ]}
          close={close}
          danger
          done={t('{what} was removed.', { what: asking.client.name })}
        >
          <Text>{t('Its secrets end at once, and whatever program uses them is refused.')}</Text>
        </ActionDialog>
      )}
    </>
  );
}

function ClientDialog({ close }: { close: () => void }) {
  const [name, setName] = useState('');
  const [grants, setGrants] = useState<Grant[]>([{ role: 'contributor' }]);
  const intents =
    name.trim() === ''
      ? []
      : [
          intent(
            'createClient',
            { body: { name: name.trim(), roles: grants } },
            'client',
            'add',
            name.trim(),
            ...roleFlags(grants),
          ),
        ];
  return (
    <ActionDialog
      title={t('Make a client')}
      confirm={t('Make')}
      intents={intents}
      close={close}
      done={t('The client was made. Give it a secret next.')}
    >
      <Field label={t('Name')} required>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
      <RoleList grants={grants} set={setGrants} />
    </ActionDialog>
  );
}

function SecretDialog({
  of: client,
  show,
  close,
}: {
  of: APIClient;
  show: (secret: NewClientSecret) => void;
  close: () => void;
}) {
  const [name, setName] = useState('');
  const body = { days: 180, ...(name === '' ? {} : { name }) };
  return (
    <ActionDialog
      title={t('Make a secret of {what}', { what: client.name })}
      confirm={t('Make')}
      intents={[
        intent(
          'createClientSecret',
          { path: { client: client.id }, body },
          'client',
          'secret',
          client.name,
          ...(name === '' ? [] : ['--name', name]),
        ),
      ]}
      close={close}
      done={t('The secret was made.')}
      after={([secret]) => show(secret as NewClientSecret)}
    >
      <Field label={t('Name')} hint={t('What it is for. It is valid for 180 days.')}>
        <Input value={name} onChange={(_, { value }) => setName(value)} />
      </Field>
    </ActionDialog>
  );
}
