import { Field, Select } from '@fluentui/react-components';
import { t } from '../text/t';

const words: Record<string, string> = {
  NeedsAssistance: t('NeedsAssistance: sessions go on, somebody should look'),
  Unhealthy: t('Unhealthy: the broker sends no sessions there'),
  DoNotFail: t('DoNotFail: the host counts as healthy'),
};

const usual = 'NeedsAssistance';

/** healthOf is what becomes of a host's health; without a choice, what the server makes of it. */
export const healthOf = (value: string | undefined): string => value || usual;

interface Props {
  value: string;
  set: (value: string) => void;
  readOnly?: boolean;
}

/** HealthField chooses what Azure's clients are told of the health of an AVD host on which a package cannot be staged. */
export function HealthField({ value, set, readOnly }: Props) {
  return (
    <Field
      label={t('Health of AVD hosts where it cannot be staged')}
      hint={t('What brokers and Azure’s clients are told of such a host. Other kinds of hosts have no such health.')}
    >
      <Select
        value={healthOf(value)}
        disabled={readOnly === true}
        onChange={(_, data) => set(data.value === usual ? '' : data.value)}
      >
        {Object.entries(words).map(([id, text]) => (
          <option key={id} value={id}>
            {text}
          </option>
        ))}
      </Select>
    </Field>
  );
}
