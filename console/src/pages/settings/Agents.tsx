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
import { DeleteRegular } from '@fluentui/react-icons';
import { useState, type SubmitEvent } from 'react';
import { intent } from '../../api/intent';
import { useAsk, useAskFarm, useRun, useWhyNot } from '../../api/queries';
import type { Credential, Secret } from '../../api/schema';
import { quote } from '../../api/intent';
import { hostKind, isTime } from '../../logic/format';
import { ActionButton, ActionDialog } from '../../parts/Action';
import { Command, Commands } from '../../parts/Command';
import { DataTable, type Column } from '../../parts/DataTable';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { Section } from '../../parts/Facts';
import { Empty, Loaded } from '../../parts/Page';
import { useLayout } from '../../parts/styles';
import { Moment, Time } from '../../parts/Time';
import { t } from '../../text/t';

/** Agents makes and lists the keys that hosts are enrolled with. */
export function Agents() {
  return (
    <>
      <NewKey />
      <Section title={t('Enrolment keys')}>
        <Keys />
      </Section>
    </>
  );
}

const kinds = ['rdsh', 'vdi', 'avd'] as const;

/** NewKey makes an enrolment key and shows the command to paste on a host, once. */
export function NewKey() {
  const layout = useLayout();
  const not = useWhyNot('owner');
  const pools = useAsk('listPools', {}).data?.items ?? [];
  const run = useRun();
  const [kind, setKind] = useState<(typeof kinds)[number]>('rdsh');
  const [pool, setPool] = useState('');
  const [uses, setUses] = useState('1');
  const [hours, setHours] = useState('24');
  const [made, setMade] = useState<Secret>();
  const body = { kind, ...(pool === '' ? {} : { pool }), maxUses: Number(uses) || 1, hours: Number(hours) || 24 };
  const make = intent(
    'createEnrollKey',
    { body },
    'enroll-key',
    'create',
    '--kind',
    kind,
    ...(pool === '' ? [] : ['--pool', pool]),
    '--uses',
    String(body.maxUses),
    '--hours',
    String(body.hours),
  );
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (not === undefined) run.mutate([make], { onSuccess: ([secret]) => setMade(secret as Secret) });
  };
  return (
    <Section title={t('Enrol hosts')}>
      {run.error && <ErrorNotice error={run.error} />}
      <form onSubmit={submit} className={layout.end}>
        <Field label={t('Kind of host')}>
          <Select
            value={kind}
            onChange={(_, { value }) => {
              setKind(kinds.find((k) => k === value) ?? 'rdsh');
              setPool('');
            }}
          >
            {kinds.map((k) => (
              <option key={k} value={k}>
                {hostKind(k)}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={t('Group or pool')}>
          <Select value={pool} onChange={(_, { value }) => setPool(value)}>
            <option value="">{t('none')}</option>
            {pools
              .filter((p) => p.kind === kind)
              .map((p) => (
                <option key={p.name}>{p.name}</option>
              ))}
          </Select>
        </Field>
        <Field label={t('Hosts that may use it')}>
          <Input type="number" min={1} value={uses} onChange={(_, { value }) => setUses(value)} />
        </Field>
        <Field label={t('Hours that it is valid')}>
          <Input type="number" min={1} value={hours} onChange={(_, { value }) => setHours(value)} />
        </Field>
        <ActionButton type="submit" appearance="primary" why={not} disabledFocusable={run.isPending}>
          {t('Make a key')}
        </ActionButton>
      </form>
      <Commands of={[make]} />
      {made && <Made of={made} />}
    </Section>
  );
}

function Made({ of: key }: { of: Secret }) {
  const layout = useLayout();
  const server = useAskFarm('getServer', {}).data;
  const fingerprint = server?.authority ?? '';
  return (
    <MessageBar intent="success" layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{t('The key is shown this once. Run on each host:')}</MessageBarTitle>
        <span className={layout.column}>
          <Command
            line={`berth agent enroll --server ${location.origin} --key ${key.text} --fingerprint ${quote(fingerprint)}`}
          />
          <Command line="berth agent run" />
        </span>
      </MessageBarBody>
    </MessageBar>
  );
}

/** stateOf says whether a credential still opens anything. */
export function stateOf(c: Credential): string {
  if (isTime(c.revokedAt)) return t('revoked');
  if (isTime(c.expiresAt) && Date.parse(c.expiresAt) < Date.now()) return t('expired');
  if (c.maxUses > 0 && c.uses >= c.maxUses) return t('used up');
  return t('valid');
}

function Keys() {
  const not = useWhyNot('owner');
  const keys = useAsk('listEnrollKeys', {}, { off: not !== undefined });
  const [revoking, setRevoking] = useState<Credential>();
  if (not !== undefined) return <Text>{not}</Text>;
  const columns: Column<Credential>[] = [
    { name: t('Name'), cell: (k) => k.name || k.id },
    { name: t('Kind'), cell: (k) => hostKind(k.hostKind ?? '') },
    { name: t('Group or pool'), cell: (k) => k.pool || t('none') },
    {
      name: t('Used'),
      short: true,
      cell: (k) =>
        k.maxUses > 0
          ? t('{uses} of {most}', { uses: k.uses, most: k.maxUses })
          : t('{uses}, no limit', { uses: k.uses }),
    },
    { name: t('State'), cell: stateOf },
    { name: t('Made'), short: true, cell: (k) => <Time at={k.createdAt} /> },
    { name: t('Valid until'), cell: (k) => <Moment at={k.expiresAt} none={t('revoked by somebody')} /> },
    {
      name: t('Actions'),
      quiet: true,
      cell: (k) =>
        stateOf(k) === t('valid') ? (
          <Button
            size="small"
            icon={<DeleteRegular />}
            aria-label={t('Revoke {what}', { what: k.name || k.id })}
            onClick={() => setRevoking(k)}
          />
        ) : null,
    },
  ];
  return (
    <>
      <Loaded of={keys}>
        {({ items }) =>
          items?.length ? (
            <DataTable label={t('Enrolment keys')} columns={columns} rows={items} rowKey={(k) => k.id} />
          ) : (
            <Empty title={t('There is no key')}>
              <Text>{t('“Make a key” above makes one, for one host or several.')}</Text>
            </Empty>
          )
        }
      </Loaded>
      {revoking && <Revoke of={revoking} noun="enroll-key" close={() => setRevoking(undefined)} />}
    </>
  );
}

/** Revoke ends a key or a token at once. */
export function Revoke({ of: c, noun, close }: { of: Credential; noun: 'enroll-key' | 'token'; close: () => void }) {
  return (
    <ActionDialog
      title={t('Revoke {what}?', { what: c.name || c.id })}
      confirm={t('Revoke')}
      intents={[intent('revokeCredential', { path: { id: c.id } }, noun, 'revoke', c.id)]}
      close={close}
      danger
      done={t('{what} opens nothing any more.', { what: c.name || c.id })}
    >
      <Text>
        {noun === 'token'
          ? t('Whatever program uses it is refused at once.')
          : t('No further host can be enrolled with it. Hosts that were stay.')}
      </Text>
    </ActionDialog>
  );
}
