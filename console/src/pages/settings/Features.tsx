import { Switch, Text } from '@fluentui/react-components';
import { useState } from 'react';
import { etagOf } from '../../api/ask';
import { intent } from '../../api/intent';
import { useAsk, useSettings, useWhyNot } from '../../api/queries';
import { ActionDialog } from '../../parts/Action';
import { Loaded } from '../../parts/Page';
import { useLayout } from '../../parts/styles';
import { t, tn } from '../../text/t';

type Name = 'enabled' | 'provisionCertificates';

interface Words {
  label: string;
  on: string;
  off: string;
  flag: string;
}

const words: Record<Name, Words> = {
  enabled: {
    label: t('Enable Application Packages feature'),
    on: t('Hosts get what is assigned to them once the change is applied.'),
    off: t(
      'Every host lets go of every package once the change is applied. Sessions keep what they use until they end.',
    ),
    flag: '--enabled',
  },
  provisionCertificates: {
    label: t('Provision package certificates automatically'),
    on: t('Hosts install the certificate of each package’s signer themselves. Right for self-signed certificates.'),
    off: t(
      'Hosts only stage packages whose signer they trust by other means, such as a group policy. Certificates that are installed stay.',
    ),
    flag: '--provision-certificates',
  },
};

/** SettingSwitch drafts one of the site's switches, after it said what that means. */
function SettingSwitch({ name }: { name: Name }) {
  const layout = useLayout();
  const settings = useSettings();
  const not = useWhyNot('contributor');
  const hosts = useAsk('listHosts', { query: { limit: 1, total: true } });
  const [asking, setAsking] = useState<boolean>();
  const w = words[name];
  return (
    <Loaded of={settings}>
      {(s) => (
        <div className={layout.column}>
          <Switch
            label={w.label}
            checked={s[name]}
            disabled={not !== undefined}
            title={not}
            onChange={(_, { checked }) => setAsking(checked)}
          />
          <Text>{s[name] ? w.on : w.off}</Text>
          {not !== undefined && <Text className={layout.soft}>{not}</Text>}
          {asking !== undefined && (
            <ActionDialog
              title={asking ? t('Switch it on?') : t('Switch it off?')}
              confirm={asking ? t('Switch on') : t('Switch off')}
              danger={!asking}
              intents={[
                intent(
                  'editSettings',
                  { body: { [name]: asking }, ...(etagOf(s) ? { ifMatch: etagOf(s) ?? '' } : {}) },
                  'settings',
                  'set',
                  `${w.flag}=${asking}`,
                ),
              ]}
              close={() => setAsking(undefined)}
              done={t('It is drafted. Hosts see it when the pending changes are applied.')}
            >
              <Text>
                {w.label}: {asking ? w.on : w.off}
              </Text>
              <Text>{tn(hosts.data?.total ?? 0, '{n} host is in this site.', '{n} hosts are in this site.')}</Text>
            </ActionDialog>
          )}
        </div>
      )}
    </Loaded>
  );
}

/** Features is the switch of the feature as a whole. */
export const Features = () => <SettingSwitch name="enabled" />;

/** Provisioning is the switch that lets hosts install signers' certificates. */
export const Provisioning = () => <SettingSwitch name="provisionCertificates" />;
