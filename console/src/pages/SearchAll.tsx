import { Text } from '@fluentui/react-components';
import { useSearch } from '@tanstack/react-router';
import { useAsk } from '../api/queries';
import { Section } from '../parts/Facts';
import { Filters } from '../parts/Filters';
import { Loaded, Page } from '../parts/Page';
import { useLayout } from '../parts/styles';
import { To } from '../parts/To';
import { t } from '../text/t';

const most = 10;

/** SearchAll looks in packages and hosts at once. */
export function SearchAll() {
  const layout = useLayout();
  const { search } = useSearch({ strict: false });
  const off = search === undefined;
  const packages = useAsk('listPackages', { query: { search, limit: most, total: true } }, { off, keep: true });
  const hosts = useAsk('listHosts', { query: { search, limit: most, total: true } }, { off, keep: true });
  return (
    <Page
      title={t('Search')}
      lead={off ? t('Type a part of a name.') : t('What is called “{text}”.', { text: search })}
    >
      <Filters search={t('Name')} choices={[]} />
      {!off && (
        <>
          <Section title={t('Application packages')}>
            <Loaded of={packages}>
              {({ items, total }) => (
                <>
                  <ul className={layout.plainList}>
                    {(items ?? []).map((p) => (
                      <li key={p.fullName}>
                        <To to="/packages/$id" params={{ id: p.fullName }}>
                          {p.displayName} {p.version}
                        </To>{' '}
                        <span className={layout.soft}>{p.fullName}</span>
                      </li>
                    ))}
                  </ul>
                  {items?.length === 0 && <Text>{t('None.')}</Text>}
                  {(total ?? 0) > most && (
                    <To to="/packages" search={{ search }}>
                      {t('All {n} of them', { n: total ?? 0 })}
                    </To>
                  )}
                </>
              )}
            </Loaded>
          </Section>
          <Section title={t('Session hosts')}>
            <Loaded of={hosts}>
              {({ items, total }) => (
                <>
                  <ul className={layout.plainList}>
                    {(items ?? []).map((h) => (
                      <li key={h.id}>
                        <To to="/hosts/$id" params={{ id: h.name }}>
                          {h.name}
                        </To>
                      </li>
                    ))}
                  </ul>
                  {items?.length === 0 && <Text>{t('None.')}</Text>}
                  {(total ?? 0) > most && (
                    <To to="/hosts" search={{ search }}>
                      {t('All {n} of them', { n: total ?? 0 })}
                    </To>
                  )}
                </>
              )}
            </Loaded>
          </Section>
        </>
      )}
    </Page>
  );
}
