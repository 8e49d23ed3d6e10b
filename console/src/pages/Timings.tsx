import { Text } from '@fluentui/react-components';
import { useAsk } from '../api/queries';
import type { HostTimings, HostView, PackageTimings, TimingSpread } from '../api/schema';
import { duration } from '../logic/format';
import { DataTable, type Column } from '../parts/DataTable';
import { Facts } from '../parts/Facts';
import { Empty, Loaded } from '../parts/Page';
import { useLayout } from '../parts/styles';
import { Time } from '../parts/Time';
import { To } from '../parts/To';
import { t } from '../text/t';

const phases: Record<string, string> = {
  attach: t('Attaching the image'),
  verify: t('Verifying it'),
  stage: t('Staging'),
  register: t('Registering'),
  deregister: t('Deregistering'),
  destage: t('Destaging and detaching'),
};

const modes: Record<string, string> = { atLogon: t('at logon'), onDemand: t('on demand') };

/** of is the median of a phase, nothing where it never succeeded. */
function of(row: HostTimings, phase: string): string {
  const found = row.phases?.find((p) => p.phase === phase);
  return found && found.count > 0 ? duration(found.medianMs) : '';
}

/** failed counts the runs of all phases that did not succeed. */
const failed = (row: HostTimings) => (row.phases ?? []).reduce((n, p) => n + (p.failed ?? 0), 0);

/** TimingsOfHost is what each package costs on a host, the dearest at sign-in first. */
export function TimingsOfHost({ of: h }: { of: HostView }) {
  const found = useAsk('listHostTimings', { path: { host: h.name } });
  const layout = useLayout();
  const columns: Column<HostTimings>[] = [
    {
      name: t('Package'),
      long: true,
      cell: (r) => (
        <To to="/packages/$id" params={{ id: r.package }} search={{ tab: 'timings' }}>
          {r.displayName}
        </To>
      ),
    },
    { name: t('Registered'), cell: (r) => modes[r.registration ?? ''] ?? t('in no session') },
    { name: t('A sign-in waits'), short: true, cell: (r) => duration(r.logonMs) },
    { name: t('Registering'), short: true, cell: (r) => of(r, 'register') },
    { name: t('Once after a start'), short: true, cell: (r) => duration(r.stagingMs) },
    { name: t('Attaching the image'), short: true, cell: (r) => of(r, 'attach') },
    { name: t('Verifying it'), short: true, cell: (r) => of(r, 'verify') },
    { name: t('Staging'), short: true, cell: (r) => of(r, 'stage') },
    { name: t('Failed runs'), short: true, cell: (r) => failed(r) || '' },
    { name: t('Last'), cell: (r) => <Time at={r.at} /> },
  ];
  return (
    <Loaded of={found}>
      {({ items }) =>
        items?.length ? (
          <div className={layout.column}>
            <Text>{t('Medians of the last runs, as the agent measured them.')}</Text>
            <DataTable label={t('What packages cost')} columns={columns} rows={items} rowKey={(r) => r.package} />
          </div>
        ) : (
          <Empty title={t('Nothing was measured yet')}>
            <Text>{t('The agent tells how long its work took once it has attached a package.')}</Text>
          </Empty>
        )
      }
    </Loaded>
  );
}

/** TimingsOfPackage is what a package costs over all hosts. */
export function TimingsOfPackage({ fullName }: { fullName: string }) {
  const found = useAsk('getPackageTimings', { path: { package: fullName } });
  return <Loaded of={found}>{(v) => <Spread of={v} />}</Loaded>;
}

function Spread({ of: v }: { of: PackageTimings }) {
  const layout = useLayout();
  if (!v.phases?.length) {
    return (
      <Empty title={t('Nothing was measured yet')}>
        <Text>{t('Hosts tell how long their work took once they have attached the package.')}</Text>
      </Empty>
    );
  }
  const columns: Column<TimingSpread>[] = [
    { name: t('Phase'), cell: (s) => phases[s.phase] ?? s.phase },
    { name: t('Hosts'), short: true, cell: (s) => s.hosts },
    { name: t('Runs'), short: true, cell: (s) => s.count },
    { name: t('Failed runs'), short: true, cell: (s) => s.failed ?? '' },
    { name: t('Median'), short: true, cell: (s) => duration(s.medianMs) },
    { name: t('Nine of ten hosts'), short: true, cell: (s) => duration(s.highMs) },
    { name: t('Longest'), short: true, cell: (s) => duration(s.mostMs) },
    {
      name: t('On'),
      cell: (s) =>
        s.slowest && (
          <To to="/hosts/$id" params={{ id: s.slowest }} search={{ tab: 'timings' }}>
            {s.slowest}
          </To>
        ),
    },
  ];
  return (
    <div className={layout.column}>
      <Facts
        rows={[
          [t('For each session'), duration(v.sessionMs)],
          [t('Once after each start of a host'), duration(v.stagingMs)],
        ]}
      />
      <DataTable label={t('What the package costs')} columns={columns} rows={v.phases} rowKey={(s) => s.phase} />
    </div>
  );
}
