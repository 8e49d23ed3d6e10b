import { makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { narrow } from './styles';

const useStyles = makeStyles({
  facts: {
    display: 'grid',
    gridTemplateColumns: 'max-content minmax(0, 1fr)',
    columnGap: tokens.spacingHorizontalXL,
    rowGap: tokens.spacingVerticalS,
    margin: 0,
    alignItems: 'baseline',
    [narrow]: { gridTemplateColumns: 'minmax(0, 1fr)', rowGap: tokens.spacingVerticalXXS },
  },
  name: { color: tokens.colorNeutralForeground3 },
  value: { margin: 0, overflowWrap: 'anywhere', minWidth: 0, [narrow]: { marginBottom: tokens.spacingVerticalS } },
  section: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS, minWidth: 0 },
  heading: { fontSize: tokens.fontSizeBase400, lineHeight: tokens.lineHeightBase400, margin: 0 },
});

export type Fact = [name: string, value: ReactNode];

/** Facts is a list of names with their values. */
export function Facts({ rows }: { rows: Fact[] }) {
  const s = useStyles();
  return (
    <dl className={s.facts}>
      {rows.flatMap(([name, value]) => [
        <dt key={`${name} name`} className={s.name}>
          {name}
        </dt>,
        <dd key={name} className={s.value}>
          {value}
        </dd>,
      ])}
    </dl>
  );
}

/** Section is a part of a page with a heading. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  const s = useStyles();
  return (
    <section className={s.section}>
      <h2 className={s.heading}>{title}</h2>
      {children}
    </section>
  );
}
