import { Checkbox, Field, Input, Select, Text, Textarea } from '@fluentui/react-components';
import { useState } from 'react';
import { intent } from '../api/intent';
import { useAsk } from '../api/queries';
import type { PublicationView } from '../api/schema';
import { ActionDialog } from '../parts/Action';
import { useLayout } from '../parts/styles';
import { t, tn } from '../text/t';

interface Props {
  edit?: PublicationView;
  fullName?: string | undefined;
  close: () => void;
}

const lines = (text: string) => text.split('\n').map((line) => line.trim()).filter(Boolean); // prettier-ignore

/** PublishDialog offers an application to users, or changes to whom and from where. */
export function PublishDialog({ edit, fullName, close }: Props) {
  const layout = useLayout();
  const packages = useAsk('listPackages', { query: { limit: 500 } }).data?.items ?? [];
  const hosts = useAsk('listHosts', { query: { limit: 200 } }).data?.items ?? [];
  const pools = useAsk('listPools', {}).data?.items ?? [];
  const apps = packages
    .filter((p) => (fullName === undefined ? true : p.fullName === fullName))
    .flatMap((p) =>
      (p.applications ?? []).map((a) => ({
        value: `${p.familyName}!${a.id}`,
        name: `${a.displayName} (${p.displayName})`,
      })),
    );
  const options = [...new Map(apps.map((a) => [a.value, a.name]))];
  const [app, setApp] = useState(edit ? `${edit.family}!${edit.application}` : '');
  const [name, setName] = useState(edit?.name ?? '');
  const [users, setUsers] = useState((edit?.users ?? []).join('\n'));
  const [from, setFrom] = useState<ReadonlySet<string>>(
    new Set([...(edit?.hosts ?? []).map((h) => `host ${h}`), ...(edit?.pools ?? []).map((p) => `pool ${p}`)]),
  );
  const toggle = (key: string, on: boolean) => {
    const next = new Set(from);
    if (on) next.add(key);
    else next.delete(key);
    setFrom(next);
  };
  const chosen = (kind: string) =>
    [...from].filter((key) => key.startsWith(`${kind} `)).map((key) => key.slice(kind.length + 1));
  const body = { users: lines(users), hosts: chosen('host'), pools: chosen('pool') };
  const flags = [
    ...body.users.flatMap((u) => ['--user', u]),
    ...body.hosts.flatMap((h) => ['--host', h]),
    ...body.pools.flatMap((p) => ['--pool', p]),
  ];
  const [family = '', application = ''] = app.split('!');
  const ready = app !== '' && name.trim() !== '' && from.size > 0;
  const intents = !ready
    ? []
    : [
        edit
          ? intent(
              'editPublication',
              { path: { publication: edit.name }, body, ifMatch: `"${edit.revision}"` },
              'published',
              'set',
              edit.name,
              ...flags,
            )
          : intent(
              'addPublication',
              { body: { name: name.trim(), family, application, ...body } },
              'published',
              'add',
              app,
              '--name',
              name.trim(),
              ...flags,
            ),
      ];
  return (
    <ActionDialog
      title={edit ? t('Change {what}', { what: edit.name }) : t('Publish an application')}
      confirm={edit ? t('Save') : t('Publish')}
      intents={intents}
      close={close}
      done={t('{name} is published in the draft.', { name })}
    >
      {!edit && (
        <>
          <Field label={t('Application')} required>
            <Select
              value={app}
              onChange={(_, { value }) => {
                setApp(value);
                if (name === '') setName(options.find(([v]) => v === value)?.[1].replace(/ \(.*/, '') ?? '');
              }}
            >
              <option value="">{t('Choose one')}</option>
              {options.map(([value, text]) => (
                <option key={value} value={value}>
                  {text}
                </option>
              ))}
            </Select>
          </Field>
          <Field label={t('Name')} required>
            <Input value={name} onChange={(_, { value }) => setName(value)} />
          </Field>
        </>
      )}
      <div role="group" aria-label={t('Offered from')} className={layout.column}>
        <Text weight="semibold">{t('Offered from')}</Text>
        {pools.map((p) => (
          <Checkbox
            key={p.name}
            label={t('pool {name}', { name: p.name })}
            checked={from.has(`pool ${p.name}`)}
            onChange={(_, { checked }) => toggle(`pool ${p.name}`, checked === true)}
          />
        ))}
        {hosts.map((h) => (
          <Checkbox
            key={h.id}
            label={t('host {name}', { name: h.name })}
            checked={from.has(`host ${h.name}`)}
            onChange={(_, { checked }) => toggle(`host ${h.name}`, checked === true)}
          />
        ))}
        {pools.length + hosts.length === 0 && <Text>{t('There is no host and no pool yet.')}</Text>}
      </div>
      <Field label={t('Users and groups')} hint={t('One on each line, as DOMAIN\\name. None: everyone.')}>
        <Textarea value={users} onChange={(_, { value }) => setUsers(value)} />
      </Field>
    </ActionDialog>
  );
}

/** EndPublication names who offers an application before it is offered no more. */
export function EndPublication({ of: p, close }: { of: PublicationView; close: () => void }) {
  return (
    <ActionDialog
      title={t('End the publication {what}?', { what: p.name })}
      confirm={t('End it')}
      intents={[intent('removePublication', { path: { publication: p.name } }, 'published', 'remove', p.name)]}
      close={close}
      danger
      done={t('The end of {what} is drafted.', { what: p.name })}
    >
      <Text>
        {tn(p.offers?.length ?? 0, '{n} host offers it: {names}.', '{n} hosts offer it: {names}.', {
          names:
            (p.offers ?? [])
              .slice(0, 8)
              .map((o) => o.host)
              .join(', ') || t('none'),
        })}{' '}
        {t('The package stays where it is assigned.')}
      </Text>
    </ActionDialog>
  );
}
