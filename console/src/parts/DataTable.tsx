import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { t } from '../text/t';
import { narrow } from './styles';

export interface Column<Row> {
  name: string;
  cell: (row: Row) => ReactNode;
  /** A column whose name is for screen readers only: check boxes, buttons. */
  quiet?: boolean;
  /** A column of paths and full names, which break anywhere; other words stay whole. */
  long?: boolean;
  /** A column of short words that stay on one line where there is room for a table. */
  short?: boolean;
}

const line = `1px solid ${tokens.colorNeutralStroke2}`;

const useStyles = makeStyles({
  table: { width: '100%', borderCollapse: 'collapse', [narrow]: { display: 'block' } },
  block: { [narrow]: { display: 'block' } },
  head: { textAlign: 'left', borderBottom: line, [narrow]: { display: 'none' } },
  headCell: {
    fontWeight: tokens.fontWeightSemibold,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
  },
  row: {
    borderBottom: line,
    ':hover': { backgroundColor: tokens.colorNeutralBackground2 },
    [narrow]: { display: 'block', paddingBlock: tokens.spacingVerticalM },
  },
  bad: { boxShadow: `inset 3px 0 0 ${tokens.colorPaletteRedBorderActive}` },
  ticked: { backgroundColor: tokens.colorNeutralBackground3 },
  cell: {
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    verticalAlign: 'top',
    overflowWrap: 'break-word',
    [narrow]: {
      display: 'grid',
      gridTemplateColumns: '7.5rem minmax(0, 1fr)',
      columnGap: tokens.spacingHorizontalM,
      paddingBlock: tokens.spacingVerticalXS,
      overflowWrap: 'anywhere',
    },
  },
  scroll: { overflowX: 'auto' },
  short: { whiteSpace: 'nowrap', [narrow]: { whiteSpace: 'normal' } },
  long: { overflowWrap: 'anywhere', minWidth: '6.5rem', [narrow]: { minWidth: 0 } },
  label: { display: 'none', [narrow]: { display: 'inline', color: tokens.colorNeutralForeground3 } },
  hidden: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
    whiteSpace: 'nowrap',
  },
  box: { width: '18px', height: '18px', margin: '1px 0', accentColor: tokens.colorCompoundBrandBackground },
  // Buttons of a row stay beside each other where there is room for a table.
  buttons: { '& > div > span': { flexWrap: 'nowrap', [narrow]: { flexWrap: 'wrap' } } },
  narrowBox: { width: '1px', paddingRight: 0 },
});

export interface Ticks<Row> {
  ticked: ReadonlySet<string>;
  set: (ticked: ReadonlySet<string>) => void;
  /** What a row is called, for screen readers. */
  name: (row: Row) => string;
}

interface Props<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  bad?: (row: Row) => boolean;
  ticks?: Ticks<Row>;
}

/**
 * DataTable is a table that becomes a list of cards on a narrow screen. The roles are written out because browsers take
 * a table's meaning away when its display changes. Rows come in pages of the server, so that all of them are drawn.
 */
export function DataTable<Row>({ label, columns, rows, rowKey, bad, ticks }: Props<Row>) {
  const s = useStyles();
  const all = ticks ? [tickColumn(ticks, rowKey, s.box), ...columns] : columns;
  return (
    <div className={s.scroll}>
      <table role="table" aria-label={label} className={s.table}>
        <thead role="rowgroup" className={s.head}>
          <tr role="row">
            {all.map((column, i) => (
              <th
                key={column.name}
                role="columnheader"
                scope="col"
                className={mergeClasses(s.headCell, ticks && i === 0 && s.narrowBox)}
              >
                <span className={column.quiet ? s.hidden : undefined}>{column.name}</span>
                {ticks && i === 0 && <TickAll rows={rows} rowKey={rowKey} ticks={ticks} className={s.box} />}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" className={s.block}>
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              role="row"
              className={mergeClasses(s.row, bad?.(row) && s.bad, ticks?.ticked.has(rowKey(row)) && s.ticked)}
            >
              {all.map((column) => (
                <td
                  key={column.name}
                  role="cell"
                  className={mergeClasses(
                    s.cell,
                    column.long && s.long,
                    column.short && s.short,
                    column.quiet && s.buttons,
                  )}
                >
                  <span aria-hidden className={s.label}>
                    {column.name}
                  </span>
                  <div>{column.cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function tickColumn<Row>(ticks: Ticks<Row>, rowKey: (row: Row) => string, className: string): Column<Row> {
  const toggle = (key: string, on: boolean) => {
    const next = new Set(ticks.ticked);
    if (on) next.add(key);
    else next.delete(key);
    ticks.set(next);
  };
  return {
    name: t('Chosen'),
    quiet: true,
    cell: (row) => (
      <input
        type="checkbox"
        className={className}
        aria-label={t('Choose {what}', { what: ticks.name(row) })}
        checked={ticks.ticked.has(rowKey(row))}
        onChange={(event) => toggle(rowKey(row), event.target.checked)}
      />
    ),
  };
}

function TickAll<Row>({
  rows,
  rowKey,
  ticks,
  className,
}: {
  rows: Row[];
  rowKey: (row: Row) => string;
  ticks: Ticks<Row>;
  className: string;
}) {
  const keys = rows.map(rowKey);
  const on = keys.length > 0 && keys.every((key) => ticks.ticked.has(key));
  return (
    <input
      type="checkbox"
      className={className}
      aria-label={t('Choose all rows')}
      checked={on}
      onChange={() => ticks.set(on ? new Set() : new Set(keys))}
    />
  );
}
