import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { t } from '../text/t';

const useStyles = makeStyles({
  list: { listStyle: 'none', display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalL, margin: 0, padding: 0 },
  step: { color: tokens.colorNeutralForeground3, paddingBottom: '2px' },
  here: {
    color: tokens.colorNeutralForeground1,
    fontWeight: tokens.fontWeightSemibold,
    borderBottom: `2px solid ${tokens.colorCompoundBrandStroke}`,
  },
});

/** Steps says how far a wizard has come. */
export function Steps({ names, at }: { names: string[]; at: number }) {
  const s = useStyles();
  return (
    <ol className={s.list} aria-label={t('Steps')}>
      {names.map((name, i) => (
        <li
          key={name}
          className={mergeClasses(s.step, i === at && s.here)}
          aria-current={i === at ? 'step' : undefined}
        >
          {i + 1}. {name}
        </li>
      ))}
    </ol>
  );
}
