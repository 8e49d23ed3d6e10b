import { Badge, Text } from '@fluentui/react-components';
import type { ImageCheck, ImagePackage, ImageView } from '../api/schema';
import { bytes } from '../logic/format';
import { DataTable, type Column } from '../parts/DataTable';
import { Facts } from '../parts/Facts';
import { useLayout } from '../parts/styles';
import { t } from '../text/t';

const results: Record<ImageCheck['result'], { word: string; color: 'success' | 'warning' | 'danger' }> = {
  pass: { word: t('good'), color: 'success' },
  warning: { word: t('look'), color: 'warning' },
  fail: { word: t('stops it'), color: 'danger' },
};

const names: Record<ImageCheck['name'], string> = {
  signature: t('Signature'),
  certificate: t('Certificate'),
  dependencies: t('Dependencies'),
  catalogue: t('Catalogue'),
  hosts: t('Hosts'),
};

/** Checks are what an administrator should know before a package is added. */
export function Checks({ of: p }: { of: ImagePackage }) {
  const columns: Column<ImageCheck>[] = [
    { name: t('Check'), short: true, cell: (c) => names[c.name] ?? c.name },
    {
      name: t('Result'),
      short: true,
      cell: (c) => (
        <Badge appearance="tint" color={results[c.result].color}>
          {results[c.result].word}
        </Badge>
      ),
    },
    {
      name: t('Finding'),
      long: true,
      cell: (c) =>
        [c.message, c.remedy ? t('What to do: {remedy}', { remedy: c.remedy }) : ''].filter(Boolean).join(' '),
    },
  ];
  return (
    <DataTable
      label={t('Findings about {name}', { name: p.fullName })}
      columns={columns}
      rows={p.checks ?? []}
      rowKey={(c) => c.name}
      bad={(c) => c.result === 'fail'}
    />
  );
}

/** AboutImage says what an image is, and what in it could not be read. */
export function AboutImage({ of: view }: { of: ImageView }) {
  const layout = useLayout();
  return (
    <>
      <Facts
        rows={[
          [t('Image'), view.path],
          [t('Form'), [view.format, view.subformat, view.partitionTable].filter(Boolean).join(', ')],
          [
            t('Size'),
            t('{size}, of {virtual} as a disk', { size: bytes(view.size), virtual: bytes(view.virtualSize) }),
          ],
        ]}
      />
      {view.notes?.length ? (
        <ul className={layout.list}>
          {view.notes.map((n) => (
            <li key={n}>{n}</li>
          ))}
        </ul>
      ) : null}
      {view.packages?.length === 0 && <Text>{t('There is no package in this image that could be read.')}</Text>}
    </>
  );
}
