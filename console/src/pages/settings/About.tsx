import { Text } from '@fluentui/react-components';
import { useAskFarm, useSite, useSites } from '../../api/queries';
import { Copyable } from '../../parts/Copy';
import { Facts, Section } from '../../parts/Facts';
import { Loaded } from '../../parts/Page';
import { Moment } from '../../parts/Time';
import { Anchor, To } from '../../parts/To';
import { t } from '../../text/t';

/** About is what is known of the server and the site. */
export function About() {
  const server = useAskFarm('getServer', {});
  const site = useSite();
  const of = useSites().data?.items?.find((s) => s.name === site);
  return (
    <>
      <Loaded of={server}>
        {(s) => (
          <Facts
            rows={[
              [t('Version'), `Berth ${s.version}`],
              [t('Protocol of agents'), String(s.protocol)],
              [t('Running since'), <Moment key="s" at={s.startedAt} />],
              [t('Clock of the server'), <Moment key="n" at={s.now} />],
              [t('Authority'), <Copyable key="a" text={s.authority} what={t('the fingerprint')} />],
              [
                t('Sessions end'),
                t('after {idle} without use, at the latest {life} after they began', {
                  idle: s.sessionIdle,
                  life: s.sessionLife,
                }),
              ],
            ]}
          />
        )}
      </Loaded>
      {of && (
        <Section title={t('This site')}>
          <Facts
            rows={[
              [t('Name'), of.name],
              [t('Location'), of.location],
              [t('Generation'), String(of.generation)],
              [t('Subscription id'), <Copyable key="s" text={of.subscriptionId} what={t('the subscription id')} />],
              [t('Made'), <Moment key="c" at={of.createdAt} />],
            ]}
          />
        </Section>
      )}
      <Text>
        <Anchor href="/api/v1/openapi.json">{t('The native API as an OpenAPI document')}</Anchor> ·{' '}
        <To to="/setup">{t('First run')}</To>
      </Text>
    </>
  );
}
