import { Badge, Button, MessageBar, MessageBarBody, Text } from '@fluentui/react-components';
import { ArrowDownloadRegular, CertificateRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { intent } from '../api/intent';
import { useAsk, useSettings, useWhyNot } from '../api/queries';
import type { CertificateHost, CertificateView, PackageForecast } from '../api/schema';
import { changeName } from '../logic/change';
import { day } from '../logic/format';
import { ActionButton, ActionDialog } from '../parts/Action';
import { Copyable } from '../parts/Copy';
import { DataTable, type Column } from '../parts/DataTable';
import { Expiry } from '../parts/Expiry';
import { Facts, Section } from '../parts/Facts';
import { Loaded } from '../parts/Page';
import { pageSize } from '../parts/Pager';
import { useLayout } from '../parts/styles';
import { Moment } from '../parts/Time';
import { To } from '../parts/To';
import { t, tn } from '../text/t';
import { retryOf } from './Standing';

/** CertificateOf shows a signer's certificate, and what becomes of its packages when it ends. */
export function CertificateOf({ thumbprint }: { thumbprint: string | undefined }) {
  const found = useAsk('getCertificate', { path: { thumbprint: thumbprint ?? '' } }, { off: !thumbprint });
  if (!thumbprint) return <Text>{t('The package is not signed: hosts refuse to stage it.')}</Text>;
  return <Loaded of={found}>{(c) => <Certificate of={c} />}</Loaded>;
}

function Certificate({ of: c }: { of: CertificateView }) {
  const layout = useLayout();
  const [all, setAll] = useState(false);
  return (
    <div className={layout.column}>
      {c.unreadable && (
        <MessageBar intent="warning">
          <MessageBarBody>{c.unreadable}</MessageBarBody>
        </MessageBar>
      )}
      <Facts
        rows={[
          [t('Key size'), t('{n} bits', { n: c.keySize })],
          [t('Expiration date'), <Expiry key="e" notAfter={c.notAfter} />],
          [t('Common name'), c.commonName],
        ]}
      />
      <div className={layout.row}>
        <Button aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t('Hide certificate info') : t('View certificate info')}
        </Button>
        <Download of={c} />
        <ProvisionNow of={c} />
      </div>
      {all && <Everything of={c} />}
      <Outlook of={c} />
    </div>
  );
}

function Download({ of: c }: { of: CertificateView }) {
  const save = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([c.pem], { type: 'application/x-pem-file' }));
    link.download = `${c.commonName.replace(/[^\w.-]+/g, '-')}.pem`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
  };
  return (
    <Button icon={<ArrowDownloadRegular />} onClick={save}>
      {t('Download')}
    </Button>
  );
}

const settingsChange = 'settings/settings';

/** ProvisionNow lets every host that lacks the certificate install it, and try again what it refused for want of it. */
function ProvisionNow({ of: { forecast: f, commonName } }: { of: CertificateView }) {
  const not = useWhyNot('contributor');
  const settings = useSettings().data;
  const pending = useAsk('listChanges', {}).data?.items?.some((c) => changeName(c) === settingsChange) ?? false;
  const [asking, setAsking] = useState(false);
  const lacking = (f.hosts ?? []).filter((h) => h.trust === 'missing').map((h) => h.host);
  const on = settings?.provisionCertificates === true;
  const done =
    on && !pending && lacking.length === 0 ? t('Hosts that need it have it, or install it by themselves.') : undefined;
  const intents = [
    ...(on
      ? []
      : [
          intent(
            'editSettings',
            { body: { provisionCertificates: true } },
            'settings',
            'set',
            '--provision-certificates=true',
          ),
        ]),
    ...(on && !pending
      ? []
      : [intent('applyChanges', { body: { changes: [settingsChange] } }, 'changes', 'apply', settingsChange)]),
    ...lacking.slice(0, mostAsked).map(retryOf),
  ];
  return (
    <>
      <ActionButton icon={<CertificateRegular />} why={not ?? done} onClick={() => setAsking(true)}>
        {t('Provision now')}
      </ActionButton>
      {asking && (
        <ActionDialog
          title={t('Let hosts install the certificate of {name}?', { name: commonName })}
          confirm={t('Provision')}
          intents={intents}
          close={() => setAsking(false)}
          done={t('Hosts install it with their next plan.')}
        >
          <Text>
            {on
              ? t(
                  'Certificates are provisioned automatically in this site; hosts that refused a package try again at once.',
                )
              : t(
                  'This switches on that hosts of this site install the certificates of all signers, and applies the pending changes of the settings at once; other drafts stay.',
                )}
          </Text>
          <Text>
            {lacking.length === 0
              ? t('No host has said that it lacks this one.')
              : tn(lacking.length, '{n} host lacks it: {names}', '{n} hosts lack it: {names}', {
                  names: lacking.slice(0, 8).join(', ') + (lacking.length > 8 ? ', …' : ''),
                })}
          </Text>
        </ActionDialog>
      )}
    </>
  );
}

const mostAsked = 50; // the others try again by themselves

const list = (words: string[] | null | undefined) => words?.join(', ') || t('none');

function Everything({ of: c }: { of: CertificateView }) {
  const layout = useLayout();
  return (
    <Section title={t('Certificate')}>
      <Facts
        rows={[
          [t('Subject'), c.subject],
          [t('Issuer'), c.selfSigned ? t('itself (self-signed)') : c.issuer],
          [t('Serial number'), <Copyable key="s" text={c.serial} what={t('the serial number')} />],
          [t('Thumbprint'), <Copyable key="t" text={c.thumbprint} what={t('the thumbprint')} />],
          ['SHA-256', <Copyable key="h" text={c.sha256} what="SHA-256" />],
          [t('Valid from'), <Moment key="f" at={c.notBefore} />],
          [t('Valid until'), <Moment key="u" at={c.notAfter} />],
          [t('Key'), `${c.keyAlgorithm}, ${t('{n} bits', { n: c.keySize })}`],
          [t('Signed with'), c.signatureAlgorithm],
          [t('Key usage'), list(c.keyUsage)],
          [t('Extended key usage'), list(c.extendedKeyUsage)],
          [t('May sign packages'), c.codeSigning ? t('yes') : t('no')],
          [t('Other names'), list(c.alternativeNames)],
          [t('Is an authority'), c.authority ? t('yes') : t('no')],
        ]}
      />
      <h3 className={layout.heading}>{t('Chain')}</h3>
      {c.chain?.length ? (
        <ol className={layout.list}>
          {c.chain.map((above) => (
            <li key={above.thumbprint}>
              {above.subject}, {t('until {day}', { day: day(above.notAfter) })}
            </li>
          ))}
        </ol>
      ) : (
        <Text>{c.selfSigned ? t('It stands by itself.') : t('The packages carry no certificate above it.')}</Text>
      )}
      {!c.complete && !c.selfSigned && (
        <Text>{t('The chain is not complete: hosts need the certificates above.')}</Text>
      )}
    </Section>
  );
}

const trusts: Record<string, string> = {
  present: t('trusts it'),
  missing: t('does not trust it'),
  unknown: t('not known yet'),
};

/** Outlook is the forecast: which packages end with the certificate, and on which hosts. */
function Outlook({ of: { forecast: f } }: { of: CertificateView }) {
  const layout = useLayout();
  const packages: Column<PackageForecast>[] = [
    {
      name: t('Package'),
      cell: (p) => (
        <To to="/packages/$id" params={{ id: p.fullName }}>
          {p.displayName}
        </To>
      ),
    },
    { name: t('Full name'), long: true, cell: (p) => p.fullName },
    {
      name: t('When the certificate ends'),
      cell: (p) =>
        p.timestamped
          ? t('it lasts: the signature carries a timestamp')
          : p.ended
            ? t('hosts refuse it already')
            : t('hosts refuse it from {day}', { day: day(p.endsAt ?? f.endsAt) }),
    },
    { name: t('Hosts'), cell: (p) => tn(p.hostCount, '{n} host', '{n} hosts') },
  ];
  const hosts: Column<CertificateHost>[] = [
    {
      name: t('Host'),
      cell: (h) => (
        <To to="/hosts/$id" params={{ id: h.host }} search={{ tab: 'certificates' }}>
          {h.host}
        </To>
      ),
    },
    {
      name: t('Trust'),
      cell: (h) => (
        <Badge
          appearance="tint"
          color={h.trust === 'missing' ? 'danger' : h.trust === 'present' ? 'success' : 'informative'}
        >
          {trusts[h.trust] ?? h.trust}
        </Badge>
      ),
    },
    { name: t('Provisioned'), cell: (h) => (h.provision ? t('yes, by its agent') : t('no, by other means')) },
    { name: t('Packages'), cell: (h) => tn(h.packages?.length ?? 0, '{n} package', '{n} packages') },
  ];
  return (
    <>
      <Section title={t('Forecast')}>
        <Text>
          {f.days < 0
            ? t('It has ended. {ending} of its packages ended with it; {lasting} are timestamped and last.', {
                ending: f.ending,
                lasting: f.lasting,
              })
            : t('It ends in {days} days. {ending} of its packages end with it; {lasting} are timestamped and last.', {
                days: f.days,
                ending: f.ending,
                lasting: f.lasting,
              })}
          {f.endsBy ? ` ${t('What ends first is {name}, above it.', { name: f.endsBy })}` : ''}
        </Text>
        <DataTable
          label={t('Packages of this signer')}
          columns={packages}
          rows={f.packages ?? []}
          rowKey={(p) => p.fullName}
          bad={(p) => p.ended === true}
        />
      </Section>
      <Section title={t('Hosts that need it')}>
        {f.hosts?.length ? (
          <>
            <DataTable
              label={t('Hosts that need it')}
              columns={hosts}
              rows={f.hosts.slice(0, pageSize)}
              rowKey={(h) => h.host}
              bad={(h) => h.trust === 'missing'}
            />
            {f.hostCount > pageSize && (
              <Text>
                {t('The first {shown} of {n} hosts.', { shown: pageSize, n: f.hostCount })}{' '}
                <To to="/matrix" search={{ status: 'Certificate missing' }}>
                  {t('All that lack a certificate')}
                </To>
              </Text>
            )}
          </>
        ) : (
          <Text className={layout.soft}>{t('None: no package of this signer is assigned.')}</Text>
        )}
      </Section>
    </>
  );
}
