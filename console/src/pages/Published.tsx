import { Page } from '../parts/Page';
import { t } from '../text/t';
import { PublishedList } from './PublishedList';

/** Published lists all published applications of the site. */
export function Published() {
  return (
    <Page
      title={t('Published resources')}
      lead={t('Applications of packages that users see, and the hosts they were published from.')}
    >
      <PublishedList />
    </Page>
  );
}
