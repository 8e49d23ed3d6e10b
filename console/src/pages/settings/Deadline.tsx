import { Field, Select, Text } from '@fluentui/react-components';
import { useState } from 'react';
import { etagOf } from '../../api/ask';
import { intent } from '../../api/intent';
import { useSettings, useWhyNot } from '../../api/queries';
import { minutes } from '../../logic/format';
import { ActionDialog } from '../../parts/Action';
import { Loaded } from '../../parts/Page';
import { useLayout } from '../../parts/styles';
import { t } from '../../text/t';

const choices = [0, 15, 60, 240, 480, 1440, 4320, 10_080];

const words = (n: number) =>
  n === 0
    ? t('Sessions keep it until they end. Nothing is ever taken from them.')
    : t(
        'Sessions that use it are told when it stops being theirs, and 15, 5 and 1 minutes before. Then its programs are closed: what is not saved is lost.',
      );

const name = (n: number) => (n === 0 ? t('until the session ends') : minutes(n));

/** Deadline is how long sessions keep a package that their host should no longer have. */
export function Deadline() {
  const layout = useLayout();
  const settings = useSettings();
  const not = useWhyNot('contributor');
  const [asking, setAsking] = useState<number>();
  return (
    <Loaded of={settings}>
      {(s) => {
        const now = s.disablingMinutes ?? 0;
        return (
          <div className={layout.column}>
            <Field label={t('How long sessions keep a package that their host should no longer have')}>
              <Select
                value={String(now)}
                disabled={not !== undefined}
                title={not}
                onChange={(_, { value }) => setAsking(Number(value))}
              >
                {[...new Set([...choices, now])]
                  .toSorted((a, b) => a - b)
                  .map((n) => (
                    <option key={n} value={String(n)}>
                      {name(n)}
                    </option>
                  ))}
              </Select>
            </Field>
            <Text>{words(now)}</Text>
            {not !== undefined && <Text className={layout.soft}>{not}</Text>}
            {asking !== undefined && asking !== now && (
              <ActionDialog
                title={t('Change the deadline?')}
                confirm={t('Change')}
                danger={asking > 0}
                intents={[
                  intent(
                    'editSettings',
                    { body: { disablingMinutes: asking }, ...(etagOf(s) ? { ifMatch: etagOf(s) ?? '' } : {}) },
                    'settings',
                    'set',
                    `--disabling-deadline=${asking === 0 ? 'none' : `${asking}m`}`,
                  ),
                ]}
                close={() => setAsking(undefined)}
                done={t('It is drafted. Hosts see it when the pending changes are applied.')}
              >
                <Text>
                  {name(asking)}: {words(asking)}
                </Text>
              </ActionDialog>
            )}
          </div>
        );
      }}
    </Loaded>
  );
}
