import { Badge, Card, makeStyles, MessageBar, MessageBarBody, Text, tokens } from '@fluentui/react-components';
import { useAsk } from '../api/queries';
import type { Overview as Standing } from '../api/schema';
import { inOrder, troubles } from '../logic/status';
import { Expiry } from '../parts/Expiry';
import { Section } from '../parts/Facts';
import { Loaded, Page } from '../parts/Page';
import { StatusBadge } from '../parts/StatusBadge';
import { useLayout } from '../parts/styles';
import { Time } from '../parts/Time';
import { To } from '../parts/To';
import { t, tn } from '../text/t';
import { FirstSteps } from './FirstSteps';

const useStyles = makeStyles({
  totals: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalM,
    listStyle: 'none',
    margin: 0,
    padding: 0,
  },
  total: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    color: tokens.colorNeutralForeground1,
    textDecoration: 'none',
    ':hover': { backgroundColor: tokens.colorNeutralBackground2 },
  },
  cards: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(26rem, 100%), 1fr))',
    gap: tokens.spacingHorizontalL,
    alignItems: 'start',
  },
  card: { minWidth: 0, overflowWrap: 'anywhere' },
});

/** Overview tells how the site stands: what works, what needs somebody, what waits. */
export function Overview() {
  const styles = useStyles();
  const overview = useAsk('getOverview', {});
  return (
    <Page title={t('Overview')} lead={t('How the site stands. Everything here follows by itself.')}>
      <Loaded of={overview}>
        {(o) => (
          <>
            {!o.enabled && (
              <MessageBar intent="warning">
                <MessageBarBody>
                  {t('The Application Packages feature is switched off: hosts are given nothing.')}{' '}
                  <To to="/settings/$id" params={{ id: 'features' }}>
                    {t('Switch it on')}
                  </To>
                </MessageBarBody>
              </MessageBar>
            )}
            <Section title={t('Packages on hosts, by status')}>
              {o.status.rows > 0 ? <Totals byStatus={o.status.byStatus} /> : <FirstSteps />}
            </Section>
            <div className={styles.cards}>
              <Attention of={o} />
              <Waiting of={o} />
              <Ending of={o} />
              <Catalogue of={o} />
              <Lately of={o} />
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Totals({ byStatus }: { byStatus: Record<string, number> }) {
  const styles = useStyles();
  return (
    <ul className={styles.totals}>
      {inOrder(byStatus).map(({ name, count }) => (
        <li key={name}>
          <To to="/matrix" search={{ status: name, view: 'list' }} className={styles.total}>
            <StatusBadge name={name} />
            <Text weight="semibold">{count.toLocaleString('en')}</Text>
          </To>
        </li>
      ))}
    </ul>
  );
}

/** Attention names the first hosts with trouble: of their packages, or of themselves. */
function Attention({ of: o }: { of: Standing }) {
  const styles = useStyles();
  const layout = useLayout();
  const hosts = o.attention ?? [];
  return (
    <Card className={styles.card}>
      <Section title={t('Hosts that need somebody')}>
        {hosts.length === 0 ? (
          <Text>{t('None: every package that a host should have is there, or on its way.')}</Text>
        ) : (
          <ul className={layout.plainList}>
            {hosts.map((h) => (
              <li key={h.host}>
                <span className={layout.row}>
                  <To to="/hosts/$id" params={{ id: h.host }} search={{ tab: 'packages' }}>
                    {h.host}
                  </To>
                  {inOrder(h.counts)
                    .filter(({ name }) => (troubles as string[]).includes(name))
                    .map(({ name, count }) => (
                      <span key={name} className={layout.nowrap}>
                        <StatusBadge name={name} /> {count}
                      </span>
                    ))}
                </span>
                {(h.notices ?? []).map((n) => (
                  <Text key={n.code} className={layout.line}>
                    {n.message}
                  </Text>
                ))}
              </li>
            ))}
            {o.needAttention > hosts.length && (
              <li>{tn(o.needAttention - hosts.length, 'and {n} more', 'and {n} more')}</li>
            )}
          </ul>
        )}
      </Section>
    </Card>
  );
}

function Waiting({ of: { pending, tasks } }: { of: Standing }) {
  const styles = useStyles();
  const layout = useLayout();
  return (
    <Card className={styles.card}>
      <Section title={t('What waits')}>
        {pending.count === 0 ? (
          <Text>{t('No change is pending: hosts see everything that was set.')}</Text>
        ) : (
          <>
            <Text>
              {tn(
                pending.count,
                '{n} change is pending, by {who}; the oldest was drafted',
                '{n} changes are pending, by {who}; the oldest was drafted',
                { who: (pending.by ?? []).join(', ') },
              )}{' '}
              <Time at={pending.since} />.
            </Text>
            <To to="/changes">{t('Look at them and apply them')}</To>
          </>
        )}
        {(tasks ?? []).length > 0 && (
          <ul className={layout.plainList}>
            {(tasks ?? []).map((x) => (
              <li key={x.id}>
                <To to="/tasks" search={{ key: x.id }}>
                  {x.kind}: {x.subject}
                </To>
              </li>
            ))}
          </ul>
        )}
      </Section>
    </Card>
  );
}

function Ending({ of: { certificates } }: { of: Standing }) {
  const styles = useStyles();
  const layout = useLayout();
  return (
    <Card className={styles.card}>
      <Section title={t('Certificates that end')}>
        {certificates?.length ? (
          <ul className={layout.plainList}>
            {certificates.map((c) => (
              <li key={c.thumbprint}>
                <To to="/certificates/$id" params={{ id: c.thumbprint }}>
                  {c.commonName}
                </To>{' '}
                <Expiry notAfter={c.endsAt} />
                <Text className={layout.line}>
                  {tn(c.ending, '{n} package ends with it', '{n} packages end with it')}
                </Text>
              </li>
            ))}
          </ul>
        ) : (
          <Text>{t('None that takes packages with it within 60 days.')}</Text>
        )}
      </Section>
    </Card>
  );
}

function Catalogue({ of: { packages, status } }: { of: Standing }) {
  const styles = useStyles();
  return (
    <Card className={styles.card}>
      <Section title={t('Catalogue and hosts')}>
        <Text>
          <To to="/packages">{tn(packages.total, '{n} package', '{n} packages')}</To>,{' '}
          {tn(packages.families, 'of {n} application', 'of {n} applications')},{' '}
          {t('{n} enabled', { n: packages.enabled })}
        </Text>
        <Text>
          <To to="/hosts">{tn(status.hosts, '{n} host', '{n} hosts')}</To>,{' '}
          <To to="/matrix">{tn(status.rows, '{n} package on them', '{n} packages on them')}</To>
        </Text>
      </Section>
    </Card>
  );
}

function Lately({ of: { audit } }: { of: Standing }) {
  const styles = useStyles();
  const layout = useLayout();
  return (
    <Card className={styles.card}>
      <Section title={t('What was done last')}>
        <ul className={layout.plainList}>
          {(audit ?? []).slice(0, 5).map((e) => (
            <li key={e.id}>
              <Time at={e.at} /> · {e.actor}: {e.action} {[e.kind, e.key].filter(Boolean).join(' ')}{' '}
              {e.refused && (
                <Badge color="warning" appearance="tint">
                  {t('refused')}
                </Badge>
              )}
            </li>
          ))}
        </ul>
        <To to="/audit">{t('The whole settings audit')}</To>
      </Section>
    </Card>
  );
}
