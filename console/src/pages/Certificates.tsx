import { Badge, Text } from '@fluentui/react-components';
import { useParams } from '@tanstack/react-router';
import { useAsk } from '../api/queries';
import type { Forecast } from '../api/schema';
import { DataTable, type Column } from '../parts/DataTable';
import { Expiry } from '../parts/Expiry';
import { Empty, Loaded, Page } from '../parts/Page';
import { useLayout } from '../parts/styles';
import { To } from '../parts/To';
import { t, tn } from '../text/t';
import { CertificateOf } from './CertificateOf';

const states: Record<string, { word: string; color: 'danger' | 'warning' | 'success' | 'informative' }> = {
  expired: { word: t('expired'), color: 'danger' },
  expiring: { word: t('ends within 60 days'), color: 'warning' },
  valid: { word: t('valid'), color: 'success' },
  notYetValid: { word: t('not yet valid'), color: 'informative' },
};

/** Certificates lists the signers of the catalogue, and when their packages end. */
export function Certificates() {
  const found = useAsk('listCertificates', {});
  const columns: Column<Forecast>[] = [
    {
      name: t('Signer'),
      cell: (c) => (
        <To to="/certificates/$id" params={{ id: c.thumbprint }}>
          {c.commonName}
        </To>
      ),
    },
    { name: t('Issued by'), long: true, cell: (c) => (c.selfSigned ? t('itself (self-signed)') : c.issuer) },
    { name: t('Key size'), short: true, cell: (c) => t('{n} bits', { n: c.keySize }) },
    { name: t('Expires'), short: true, cell: (c) => <Expiry notAfter={c.notAfter} /> },
    {
      name: t('State'),
      cell: (c) => (
        <Badge appearance="tint" color={states[c.state]?.color ?? 'informative'}>
          {states[c.state]?.word ?? c.state}
        </Badge>
      ),
    },
    {
      name: t('Packages'),
      cell: (c) => t('{ending} end with it, {lasting} last', { ending: c.ending, lasting: c.lasting }),
    },
    { name: t('Hosts'), cell: (c) => tn(c.hostCount, '{n} host needs it', '{n} hosts need it') },
  ];
  return (
    <Page
      title={t('Certificates')}
      lead={t('Who signed the packages, what ends with a certificate, and which hosts need it.')}
    >
      <Provisioning />
      <Loaded of={found}>
        {({ items }) =>
          items?.length ? (
            <DataTable
              label={t('Certificates')}
              columns={columns}
              rows={items}
              rowKey={(c) => c.thumbprint}
              bad={(c) => c.state === 'expired'}
            />
          ) : (
            <Empty title={t('No package is signed yet')}>
              <Text>{t('Certificates come with packages: the first one that is added brings its signer’s.')}</Text>
              <To to="/packages/add">{t('Add a package')}</To>
            </Empty>
          )
        }
      </Loaded>
    </Page>
  );
}

function Provisioning() {
  const layout = useLayout();
  const on = useAsk('getSettings', {}).data?.provisionCertificates;
  if (on === undefined) return null;
  return (
    <Text className={layout.soft}>
      {on
        ? t('Hosts install these certificates themselves.')
        : t('Hosts do not install these certificates themselves; provision them by other means.')}{' '}
      <To to="/settings/$id" params={{ id: 'certificates' }}>
        {t('Change that')}
      </To>
    </Text>
  );
}

/** Certificate is one signer's certificate. */
export function Certificate() {
  const { id } = useParams({ from: '/certificates/$id' });
  return (
    <Page
      title={t('Certificate')}
      lead={id}
      crumbs={[
        <To key="c" to="/certificates">
          {t('Certificates')}
        </To>,
      ]}
    >
      <CertificateOf thumbprint={id} />
    </Page>
  );
}
