import { makeStyles, mergeClasses, Text, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';

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

const narrow = '@media (max-width: 760px)';
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
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
    [narrow]: { display: 'block', paddingBlock: tokens.spacingVerticalM },
  },
  bad: { boxShadow: `inset 3px 0 0 ${tokens.colorPaletteRedBorderActive}` },
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
  long: { overflowWrap: 'anywhere' },
  label: { display: 'none', [narrow]: { display: 'inline', color: tokens.colorNeutralForeground3 } },
  hidden: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
    whiteSpace: 'nowrap',
  },
});

/** The most rows that are drawn at once; past that a browser gets slow and a reader needs a filter. */
const most = 500;

interface Props<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  bad?: (row: Row) => boolean;
}

/**
 * DataTable is a table that becomes a list of cards on a narrow screen. The roles are written out because browsers take
 * a table's meaning away when its display changes.
 */
export function DataTable<Row>({ label, columns, rows, rowKey, bad }: Props<Row>) {
  const s = useStyles();
  return (
    <div className={s.scroll}>
      <table role="table" aria-label={label} className={s.table}>
        <thead role="rowgroup" className={s.head}>
          <tr role="row">
            {columns.map((column) => (
              <th key={column.name} role="columnheader" scope="col" className={s.headCell}>
                <span className={column.quiet ? s.hidden : undefined}>{column.name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" className={s.block}>
          {rows.slice(0, most).map((row) => (
            <tr key={rowKey(row)} role="row" className={mergeClasses(s.row, bad?.(row) && s.bad)}>
              {columns.map((column) => (
                <td
                  key={column.name}
                  role="cell"
                  className={mergeClasses(s.cell, column.long && s.long, column.short && s.short)}
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
      {rows.length > most && (
        <Text>
          The first {most} of {rows.length} rows are shown. Use a filter to see others.
        </Text>
      )}
    </div>
  );
}
