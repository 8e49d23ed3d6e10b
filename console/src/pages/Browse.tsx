import { Button, Field, Input, makeStyles, Text, tokens } from '@fluentui/react-components';
import { ArrowUpRegular, DocumentRegular, FolderRegular, HardDriveRegular } from '@fluentui/react-icons';
import { useState } from 'react';
import { useAsk } from '../api/queries';
import type { ImageEntry } from '../api/schema';
import { bytes } from '../logic/format';
import { DataTable, type Column } from '../parts/DataTable';
import { Empty, Loaded } from '../parts/Page';
import { useLayout } from '../parts/styles';
import { Time } from '../parts/Time';
import { To } from '../parts/To';
import { t } from '../text/t';

const useStyles = makeStyles({
  entry: {
    font: 'inherit',
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    textAlign: 'left',
    padding: 0,
    border: 'none',
    background: 'none',
    color: tokens.colorBrandForegroundLink,
    cursor: 'pointer',
    overflowWrap: 'anywhere',
    ':hover': { textDecoration: 'underline' },
    '& svg': { fontSize: '20px', flexShrink: 0 },
  },
});

const icons = { folder: <FolderRegular />, image: <HardDriveRegular />, package: <DocumentRegular /> };
const kinds = { folder: t('folder'), image: t('image'), package: t('MSIX package') };

interface Props {
  /** The folder to begin in; empty: the list of roots. */
  folder: string;
  open: (folder: string) => void;
  choose: (entry: ImageEntry) => void;
  /** Which kind of file can be chosen. */
  want: 'image' | 'package' | 'any';
}

/** Browse shows the folders and images below the roots that the server may open. */
export function Browse({ folder, open, choose, want }: Props) {
  const styles = useStyles();
  const layout = useLayout();
  const found = useAsk('browseImages', { query: { path: folder } }, { keep: true });
  const [filter, setFilter] = useState('');
  const columns: Column<ImageEntry>[] = [
    {
      name: t('Name'),
      long: true,
      cell: (e) =>
        e.kind === 'folder' || want === 'any' || e.kind === want ? (
          <button
            type="button"
            className={styles.entry}
            onClick={() => (e.kind === 'folder' ? open(e.path) : choose(e))}
          >
            {icons[e.kind]}
            {e.name}
          </button>
        ) : (
          <span className={layout.row}>
            {icons[e.kind]} {e.name}
          </span>
        ),
    },
    { name: t('Kind'), short: true, cell: (e) => kinds[e.kind] },
    { name: t('Size'), short: true, cell: (e) => (e.size === undefined ? '' : bytes(e.size)) },
    { name: t('Changed'), short: true, cell: (e) => <Time at={e.modifiedAt} none="" /> },
  ];
  return (
    <Loaded of={found}>
      {({ path, parent, entries, more, roots }) => {
        const shown = (entries ?? []).filter((e) => e.name.toLowerCase().includes(filter.toLowerCase()));
        return (
          <div className={layout.column}>
            <div className={layout.end}>
              <Button
                icon={<ArrowUpRegular />}
                disabledFocusable={parent === undefined}
                onClick={() => open(parent ?? '')}
              >
                {t('Up')}
              </Button>
              <Field label={t('Filter')}>
                <Input value={filter} onChange={(_, { value }) => setFilter(value)} />
              </Field>
            </div>
            <Text className={layout.mono}>
              {path === '' ? t('The folders and shares that this server may open') : path}
            </Text>
            {roots?.length === 0 ? (
              <Empty title={t('This server may open no folder and no share')}>
                <Text>{t('Start it with --image-root, once for each folder or share that holds images.')}</Text>
                <To to="/settings/$id" params={{ id: 'shares' }}>
                  {t('Shares')}
                </To>
              </Empty>
            ) : shown.length > 0 ? (
              <DataTable label={t('Folder')} columns={columns} rows={shown} rowKey={(e) => e.path} />
            ) : (
              <Empty title={filter === '' ? t('There is nothing here') : t('Nothing is called so')}>
                <Text>
                  {t(
                    'Folders, disk images and MSIX packages are shown. Put an image here, or build one of an MSIX package.',
                  )}
                </Text>
              </Empty>
            )}
            {more && <Text>{t('There are more entries than are shown. Use a folder further down.')}</Text>}
          </div>
        );
      }}
    </Loaded>
  );
}
