import { Text } from '@fluentui/react-components';
import { DeleteRegular, EditRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { useAsk, useWhyNot } from '../api/queries';
import type { PublicationView } from '../api/schema';
import { versionOf } from '../logic/why';
import { ActionButton } from '../parts/Action';
import { DataTable, type Column } from '../parts/DataTable';
import { Empty, Loaded } from '../parts/Page';
import { useLayout } from '../parts/styles';
import { To } from '../parts/To';
import { t } from '../text/t';
import { EndPublication, PublishDialog } from './PublishDialog';

/** PublishedList is what is published: of the site, or of one package, with the hosts that offer it. */
export function PublishedList({ fullName }: { fullName?: string }) {
  const layout = useLayout();
  const found = useAsk('listPublications', { query: { package: fullName } });
  const not = useWhyNot('contributor');
  const [asking, setAsking] = useState<{ what: 'edit' | 'end'; of: PublicationView }>();
  const [adding, setAdding] = useState(false);
  const columns: Column<PublicationView>[] = [
    { name: t('Name'), cell: (p) => p.name },
    { name: t('Application'), cell: (p) => p.application },
    { name: t('Package'), long: true, cell: (p) => p.family },
    {
      name: t('Version'),
      short: true,
      cell: (p) =>
        [...new Set((p.offers ?? []).flatMap((o) => (o.now ? [versionOf(o.now)] : [])))].join(', ') || t('none'),
    },
    {
      name: t('Hosts'),
      cell: (p) => (
        <ul className={layout.list}>
          {(p.offers ?? []).slice(0, 8).map((o) => (
            <li key={o.host}>
              <To to="/hosts/$id" params={{ id: o.host }}>
                {o.host}
              </To>{' '}
              {o.from !== 'host' && `(${o.from})`} {!o.now && (o.why ?? t('not yet offered'))}
            </li>
          ))}
          {(p.offers?.length ?? 0) > 8 && <li>{t('and {n} more', { n: (p.offers?.length ?? 0) - 8 })}</li>}
          {(p.gone ?? []).map((g) => (
            <li key={g}>{t('{name}: not there any more', { name: g })}</li>
          ))}
        </ul>
      ),
    },
    { name: t('Users and groups'), long: true, cell: (p) => (p.users?.length ? p.users.join(', ') : t('everyone')) },
    { name: t('Pending'), cell: (p) => p.pending ?? '' },
    {
      name: t('Actions'),
      quiet: true,
      cell: (p) => (
        <span className={layout.row}>
          <ActionButton
            size="small"
            appearance="subtle"
            icon={<EditRegular />}
            why={not}
            aria-label={t('Change {what}', { what: p.name })}
            onClick={() => setAsking({ what: 'edit', of: p })}
          />
          <ActionButton
            size="small"
            appearance="subtle"
            icon={<DeleteRegular />}
            why={not}
            aria-label={t('End {what}', { what: p.name })}
            onClick={() => setAsking({ what: 'end', of: p })}
          />
        </span>
      ),
    },
  ];
  return (
    <>
      <div>
        <ActionButton why={not} onClick={() => setAdding(true)}>
          {t('Publish an application')}
        </ActionButton>
      </div>
      <Loaded of={found}>
        {({ items }) =>
          items?.length ? (
            <DataTable label={t('Published resources')} columns={columns} rows={items} rowKey={(p) => p.name} />
          ) : (
            <Empty title={t('No application is published')}>
              <Text>
                {t(
                  'Publishing names an application of a package, the hosts or pools that offer it, and the users who may see it.',
                )}
              </Text>
            </Empty>
          )
        }
      </Loaded>
      {adding && <PublishDialog fullName={fullName} close={() => setAdding(false)} />}
      {asking?.what === 'edit' && <PublishDialog edit={asking.of} close={() => setAsking(undefined)} />}
      {asking?.what === 'end' && <EndPublication of={asking.of} close={() => setAsking(undefined)} />}
    </>
  );
}
