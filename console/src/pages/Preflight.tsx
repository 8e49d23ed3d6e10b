import { Badge, Field, Select, Text } from '@fluentui/react-components';
import { useState } from 'react';
import { intent } from '../api/intent';
import { useAsk } from '../api/queries';
import type { PreflightCheck, PreflightView } from '../api/schema';
import { ActionDialog } from '../parts/Action';
import { DataTable, type Column } from '../parts/DataTable';
import { Loaded } from '../parts/Page';
import { useLayout } from '../parts/styles';
import { Time } from '../parts/Time';
import { t } from '../text/t';

/** PreflightDialog lets a host try a package without staging it, and shows what it found. */
export function PreflightDialog({ host, close }: { host: string; close: () => void }) {
  const packages = useAsk('listPackages', { query: { limit: 500 } });
  const [asked, setAsked] = useState<string>();
  const answer = useAsk(
    'getPreflight',
    { path: { host, id: asked ?? '' } },
    { every: 1_000, off: asked === undefined },
  );
  const [chosen, setChosen] = useState('');
  const items = packages.data?.items ?? [];
  return (
    <ActionDialog
      title={t('Try a package on {host} beforehand', { host })}
      confirm={t('Try')}
      intents={
        chosen === ''
          ? []
          : [intent('askPreflight', { path: { host }, body: { package: chosen } }, 'host', 'preflight', host, chosen)]
      }
      close={close}
      stay
      after={([view]) => setAsked((view as PreflightView).id)}
      done={t('{host} was asked. Its answer stands in the same dialog.', { host })}
    >
      <Text>
        {t(
          'The host opens the image as it would later, checks every file, the signer, dependencies, Windows and room, and changes nothing.',
        )}
      </Text>
      <Field label={t('Package')}>
        <Select value={chosen} onChange={(_, { value }) => setChosen(value)}>
          <option value="">{t('Choose one')}</option>
          {items.map((p) => (
            <option key={p.fullName} value={p.fullName}>
              {p.displayName} {p.version} ({p.architecture})
            </option>
          ))}
        </Select>
      </Field>
      {asked !== undefined && <Loaded of={answer}>{(view) => <Answer of={view} />}</Loaded>}
    </ActionDialog>
  );
}

const colors: Record<string, 'success' | 'danger' | 'informative'> = {
  pass: 'success',
  fail: 'danger',
  notApplicable: 'informative',
};
const words: Record<string, string> = { pass: t('passed'), fail: t('failed'), notApplicable: t('not applicable') };

function Answer({ of: view }: { of: PreflightView }) {
  const layout = useLayout();
  const columns: Column<PreflightCheck>[] = [
    { name: t('Check'), cell: (c) => c.name },
    {
      name: t('Result'),
      cell: (c) => (
        <Badge appearance="tint" color={colors[c.result] ?? 'informative'}>
          {words[c.result] ?? c.result}
        </Badge>
      ),
    },
    {
      name: t('What it found'),
      long: true,
      cell: (c) => (
        <>
          {c.message} {c.code && <span className={layout.mono}>{c.code}</span>}{' '}
          {c.remedy && t('What to do: {remedy}', { remedy: c.remedy })}
        </>
      ),
    },
  ];
  return (
    <div className={layout.column}>
      <div>
        <Text weight="semibold" className={layout.line}>
          {view.message}
        </Text>
        <Text className={layout.soft}>
          {view.package}, <Time at={view.answeredAt ?? view.askedAt} />
        </Text>
      </div>
      {view.checks?.length ? (
        <DataTable
          label={t('Checks')}
          columns={columns}
          rows={view.checks}
          rowKey={(c) => c.name}
          bad={(c) => c.result === 'fail'}
        />
      ) : null}
    </div>
  );
}
