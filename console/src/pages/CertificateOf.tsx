import { Badge, Button, MessageBar, MessageBarBody, Text } from '@fluentui/react-components';
import { ArrowDownloadRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { useAsk } from '../api/queries';
import type { CertificateHost, CertificateView, PackageForecast } from '../api/schema';
import { day } from '../logic/format';
import { Copyable } from '../parts/Copy';
import { DataTable, type Column } from '../parts/DataTable';
import { Expiry } from '../parts/Expiry';
import { Facts, Section } from '../parts/Facts';
import { Loaded } from '../parts/Page';
import { useLayout } from '../parts/styles';
import { Moment } from '../parts/Time';
import { To } from '../parts/To';
import { t, tn } from '../text/t';

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
    { name: t('Hosts'), cell: (p) => tn(p.hosts?.length ?? 0, '{n} host', '{n} hosts') },
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
          <DataTable
            label={t('Hosts that need it')}
            columns={hosts}
            rows={f.hosts}
            rowKey={(h) => h.host}
            bad={(h) => h.trust === 'missing'}
          />
        ) : (
          <Text className={layout.soft}>{t('None: no package of this signer is assigned.')}</Text>
        )}
      </Section>
    </>
  );
}
