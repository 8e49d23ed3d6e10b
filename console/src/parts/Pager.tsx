import { Button, Text } from '@fluentui/react-components';
import { ArrowLeftRegular, ArrowRightRegular } from '@fluentui/react-icons';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { Search } from '../logic/search';
import { t, tn } from '../text/t';
import { useLayout } from './styles';

/** pageSize is how many rows of a list are asked for and drawn at once. */
export const pageSize = 50;

/** Pager leads to the next rows of a list, and back to the first. Going back page by page is what the browser does. */
export function Pager({
  next,
  total,
  shown,
}: {
  next?: string | undefined;
  total?: number | null | undefined;
  shown: number;
}) {
  const layout = useLayout();
  const navigate = useNavigate();
  const { after } = useSearch({ strict: false });
  const go = (to: string | undefined) =>
    void navigate({ to: '.', search: (before: Search) => ({ ...before, after: to }) });
  if (!next && after === undefined) {
    return typeof total === 'number' ? <Text className={layout.soft}>{tn(total, '{n} row', '{n} rows')}</Text> : null;
  }
  return (
    <nav aria-label={t('Pages of the list')} className={layout.row}>
      {after !== undefined && (
        <Button icon={<ArrowLeftRegular />} onClick={() => go(undefined)}>
          {t('First rows')}
        </Button>
      )}
      {next && (
        <Button icon={<ArrowRightRegular />} iconPosition="after" onClick={() => go(next)}>
          {t('Next rows')}
        </Button>
      )}
      <Text className={layout.soft}>
        {typeof total === 'number'
          ? t('{shown} of {total} rows', { shown, total: total.toLocaleString('en') })
          : tn(shown, '{n} row', '{n} rows')}
      </Text>
    </nav>
  );
}
