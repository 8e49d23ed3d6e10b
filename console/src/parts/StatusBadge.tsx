import { Badge, makeStyles } from '@fluentui/react-components';
import { CheckmarkCircleFilled, ClockFilled, EditFilled, ErrorCircleFilled, PersonFilled } from '@fluentui/react-icons';
import type { ReactElement } from 'react';
import { mood, type Mood } from '../logic/status';

type Colour = 'danger' | 'warning' | 'informative' | 'success';

const looks: Record<Mood, { color: Colour; icon: ReactElement }> = {
  bad: { color: 'danger', icon: <ErrorCircleFilled /> },
  waiting: { color: 'warning', icon: <ClockFilled /> },
  open: { color: 'informative', icon: <EditFilled /> },
  busy: { color: 'success', icon: <PersonFilled /> },
  good: { color: 'success', icon: <CheckmarkCircleFilled /> },
};

const useStyles = makeStyles({ root: { whiteSpace: 'nowrap' } });

/** StatusBadge shows a status as icon, word and colour; the word alone is enough. */
export function StatusBadge({ name }: { name: string }) {
  const look = looks[mood(name)];
  return (
    <Badge
      className={useStyles().root}
      data-colour={look.color}
      appearance="tint"
      size="large"
      color={look.color}
      icon={look.icon}
    >
      {name}
    </Badge>
  );
}
