import type { Search } from '../logic/search';
import { makeStyles, Tab, TabList } from '@fluentui/react-components';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

const useStyles = makeStyles({
  list: { flexWrap: 'wrap' },
  panel: { paddingTop: '8px', minWidth: 0 },
});

export interface TabOf {
  id: string;
  name: string;
  content: () => ReactNode;
}

/** Tabs shows one of several parts; which one stands in the address. */
export function Tabs({ label, tabs }: { label: string; tabs: TabOf[] }) {
  const styles = useStyles();
  const { tab } = useSearch({ strict: false });
  const navigate = useNavigate();
  const chosen = tabs.find(({ id }) => id === tab) ?? tabs[0];
  const choose = (id: string) =>
    void navigate({
      to: '.',
      search: (before: Search) => ({ ...before, tab: id, after: undefined, before: undefined }),
      replace: true,
    });
  return (
    <>
      <div>
        <TabList
          className={styles.list}
          aria-label={label}
          selectedValue={chosen?.id}
          onTabSelect={(_, { value }) => choose(String(value))}
          selectTabOnFocus={false}
        >
          {tabs.map(({ id, name }) => (
            <Tab key={id} id={`tab-${id}`} value={id}>
              {name}
            </Tab>
          ))}
        </TabList>
      </div>
      {chosen && (
        <div role="tabpanel" aria-labelledby={`tab-${chosen.id}`} className={styles.panel}>
          {chosen.content()}
        </div>
      )}
    </>
  );
}
