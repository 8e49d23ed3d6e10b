import { makeStyles, Text, tokens } from '@fluentui/react-components';
import { useId, type ReactNode } from 'react';

const useStyles = makeStyles({
  root: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXXS },
  boxes: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM },
  hint: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

/** Group is a label over several boxes. A Field would not do: it takes what stands in it for one control. */
export function Group({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  const s = useStyles();
  const id = useId();
  return (
    <div role="group" aria-labelledby={id} className={s.root}>
      <Text id={id}>{label}</Text>
      <div className={s.boxes}>{children}</div>
      {hint !== undefined && <Text className={s.hint}>{hint}</Text>}
    </div>
  );
}
