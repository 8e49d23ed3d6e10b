import { Badge, makeStyles, tokens } from '@fluentui/react-components';
import type { Task } from '../api/schema';
import { useLayout } from '../parts/styles';
import { Moment } from '../parts/Time';
import { t } from '../text/t';

const useStyles = makeStyles({
  log: {
    margin: 0,
    padding: tokens.spacingHorizontalM,
    listStyle: 'none',
    maxHeight: '20rem',
    overflow: 'auto',
    backgroundColor: tokens.colorNeutralBackground3,
    borderRadius: tokens.borderRadiusMedium,
  },
});

const states: Record<string, { word: string; color: 'informative' | 'brand' | 'success' | 'danger' | 'warning' }> = {
  queued: { word: t('waits'), color: 'informative' },
  running: { word: t('runs'), color: 'brand' },
  done: { word: t('done'), color: 'success' },
  failed: { word: t('failed'), color: 'danger' },
  canceled: { word: t('canceled'), color: 'warning' },
};

export function TaskState({ state }: { state: string }) {
  const known = states[state];
  return (
    <Badge appearance="tint" color={known?.color ?? 'informative'}>
      {known?.word ?? state}
    </Badge>
  );
}

/** TaskLog is what a task has said so far. */
export function TaskLog({ of: task }: { of: Task }) {
  const styles = useStyles();
  const layout = useLayout();
  if (!task.log?.length) return null;
  return (
    // A region that scrolls can be reached, so that it can be scrolled by keys.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="log" aria-label={t('Log of the task')} tabIndex={0}>
      <ol className={styles.log}>
        {task.log.map((line, i) => (
          <li key={`${line.at} ${i}`} className={layout.mono}>
            <Moment at={line.at} /> {line.message}
          </li>
        ))}
      </ol>
    </div>
  );
}
