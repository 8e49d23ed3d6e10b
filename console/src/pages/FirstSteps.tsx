import { Text } from '@fluentui/react-components';
import { useAsk } from '../api/queries';
import { SiteCommand } from '../parts/Command';
import { Empty } from '../parts/Page';
import { To } from '../parts/To';
import { t } from '../text/t';

/** FirstSteps is what a site without packages on hosts shows: the step that is next. */
export function FirstSteps() {
  const hosts = useAsk('listHosts', { query: { limit: 1 } });
  const packages = useAsk('listPackages', { query: { limit: 1 } });
  if (!hosts.data || !packages.data) return null;
  if (!packages.data.items?.length) return <NoPackages />;
  if (!hosts.data.items?.length) return <NoHosts />;
  return (
    <Empty title={t('No package is assigned to a host yet')}>
      <Text>
        {t('Give a version a tag, and assign its family by that tag: to a')} <To to="/hosts">{t('host')}</To>, {t('a')}{' '}
        <To to="/groups">{t('group')}</To>, {t('a')} <To to="/pools">{t('pool')}</To> {t('or the')}{' '}
        <To to="/defaults">{t('site defaults')}</To>. {t('Then apply.')}
      </Text>
      <SiteCommand cli={['tag', 'add', 'Production', 'PACKAGE']} />
      <SiteCommand cli={['assign', 'add', 'FAMILY', '--tag', 'Production', '--host', 'HOST']} />
      <SiteCommand cli={['changes', 'apply']} />
    </Empty>
  );
}

export function NoPackages() {
  return (
    <Empty title={t('The catalogue is empty')}>
      <Text>
        {t('Add the first package from an image on a file share. The image is read and verified while you wait.')}
      </Text>
      <To to="/packages/add">{t('Add a package')}</To>
      <SiteCommand cli={['package', 'add', '\\\\files\\apps\\notes.vhdx', '--tag', 'Production']} />
    </Empty>
  );
}

/** NoHosts is what a site without hosts shows, wherever hosts would stand. */
export function NoHosts() {
  return (
    <Empty title={t('No host has been enrolled yet')}>
      <Text>{t('Make an enrolment key, then enrol each session host with it.')}</Text>
      <To to="/settings/$id" params={{ id: 'agents' }}>
        {t('Make an enrolment key')}
      </To>
      <SiteCommand cli={['enroll-key', 'create', '--kind', 'rdsh']} />
    </Empty>
  );
}
