import { Button, Field, Input, Radio, RadioGroup, Switch, Text } from '@fluentui/react-components';
import { useState } from 'react';
import { etagOf } from '../../api/ask';
import { intent } from '../../api/intent';
import { useSettings, useWhyNot } from '../../api/queries';
import type { Settings } from '../../api/schema';
import { bytes } from '../../logic/format';
import { ActionDialog } from '../../parts/Action';
import { Facts } from '../../parts/Facts';
import { Loaded } from '../../parts/Page';
import { useLayout } from '../../parts/styles';
import { t } from '../../text/t';

const gib = 2 ** 30;
const mib = 2 ** 20;

/** Copies says whether hosts keep copies of images, and how much of a package they compare with its block map. */
export function Copies() {
  const layout = useLayout();
  const settings = useSettings();
  const not = useWhyNot('contributor');
  const [editing, setEditing] = useState(false);
  return (
    <Loaded of={settings}>
      {(s) => (
        <div className={layout.column}>
          <Facts
            rows={[
              [t('Copies of images on hosts'), s.cache?.enabled ? t('kept') : t('none')],
              [t('Room for copies on each host'), s.cache?.maxBytes ? bytes(s.cache.maxBytes) : t('no bound')],
              [
                t('Read for copies'),
                s.cache?.bytesPerSecond
                  ? t('at most {bytes} a second', { bytes: bytes(s.cache.bytesPerSecond) })
                  : t('no bound'),
              ],
              [
                t('Compared with the block map'),
                s.verify === 'all' ? t('every file') : t('the manifest and what can run'),
              ],
            ]}
          />
          <Text>
            {t(
              'With copies, hosts go on while the file server is away, and do not ask it for everything when many users sign in. Packages that are attached from the share stay so until they are attached the next time.',
            )}
          </Text>
          <div className={layout.row}>
            <Button disabledFocusable={not !== undefined} title={not} onClick={() => setEditing(true)}>
              {t('Change')}
            </Button>
          </div>
          {editing && <Edit of={s} close={() => setEditing(false)} />}
        </div>
      )}
    </Loaded>
  );
}

function Edit({ of: s, close }: { of: Settings; close: () => void }) {
  const layout = useLayout();
  const [enabled, setEnabled] = useState(s.cache?.enabled ?? false);
  const [most, setMost] = useState(String((s.cache?.maxBytes ?? 0) / gib || ''));
  const [rate, setRate] = useState(String((s.cache?.bytesPerSecond ?? 0) / mib || ''));
  const [depth, setDepth] = useState<'code' | 'all'>(s.verify === 'all' ? 'all' : 'code');
  const maxBytes = Math.round(Number(most) * gib);
  const bytesPerSecond = Math.round(Number(rate) * mib);
  const wrong = !(maxBytes >= 0) || !(bytesPerSecond >= 0);
  return (
    <ActionDialog
      title={t('Copies and verification')}
      confirm={t('Change')}
      intents={(wrong ? [] : [depth]).map((verify) =>
        intent(
          'editSettings',
          {
            body: { cache: { enabled, maxBytes, bytesPerSecond }, verify },
            ...(etagOf(s) ? { ifMatch: etagOf(s) ?? '' } : {}),
          },
          'settings',
          'set',
          `cache.enabled=${enabled}`,
          `cache.size=${maxBytes || 'none'}`,
          `cache.rate=${bytesPerSecond || 'none'}`,
          `verify.depth=${verify}`,
        ),
      )}
      close={close}
      done={t('It is drafted. Hosts see it when the pending changes are applied.')}
    >
      <div className={layout.column}>
        <Switch
          label={t('Hosts keep copies of the images in their plans')}
          checked={enabled}
          onChange={(_, { checked }) => setEnabled(checked)}
        />
        <Field
          label={t('Room for copies on each host, in GiB')}
          hint={t('Empty: no bound but the one that the host itself has.')}
        >
          <Input type="number" min={0} value={most} onChange={(_, { value }) => setMost(value)} />
        </Field>
        <Field
          label={t('Read for copies, in MiB a second')}
          hint={t('By each host, over all its copies. Empty: no bound.')}
        >
          <Input type="number" min={0} value={rate} onChange={(_, { value }) => setRate(value)} />
        </Field>
        <Field label={t('Compared with the block map')}>
          <RadioGroup value={depth} onChange={(_, { value }) => setDepth(value === 'all' ? 'all' : 'code')}>
            <Radio value="code" label={t('The manifest and what can run, before a package is staged')} />
            <Radio value="all" label={t('The other files too, in the background, once for each content')} />
          </RadioGroup>
        </Field>
      </div>
    </ActionDialog>
  );
}
