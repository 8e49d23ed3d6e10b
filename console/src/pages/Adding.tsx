import { Button, MessageBar, MessageBarBody, Spinner } from '@fluentui/react-components';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { ask, type Asked, type Op } from '../api/ask';
import type { Intent } from '../api/intent';
import { Problem } from '../api/problem';
import { useSite } from '../api/queries';
import type { Task } from '../api/schema';
import { useSession } from '../api/session';
import { ErrorNotice } from '../parts/ErrorNotice';
import { tell } from '../parts/notices';
import { useLayout } from '../parts/styles';
import { t } from '../text/t';
import { TaskLog } from './TaskLog';

const step = 400; // ms between looks at a task

/** Adding does what the wizard gathered: it starts each task, shows its log, and waits for it before the next step. */
export function Adding({ intents, back }: { intents: Intent[]; back: () => void }) {
  const layout = useLayout();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { token } = useSession();
  const site = useSite();
  const [task, setTask] = useState<Task>();
  const [error, setError] = useState<unknown>();
  const begun = useRef(false);

  const here = useRef(true);

  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false; // what was begun goes on, and does not call its user back
    };
  }, []);

  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    const watch = async (first: Task) => {
      let now = first;
      while (now.state === 'queued' || now.state === 'running') {
        setTask(now);
        await new Promise((resolve) => setTimeout(resolve, step));
        now = await ask('getTask', { path: { task: first.id } }, { token, site });
      }
      setTask(now);
      if (now.state === 'done') return;
      const f = now.failure;
      throw new Problem(t('The package was not added'), f?.message ?? t('The task was ended before it was done.'), {
        ...(f?.code ? { code: f.code } : {}),
        ...(f?.remedy ? { remedy: f.remedy } : {}),
      });
    };
    const all = async () => {
      for (const { op, asked } of intents) {
        const answer = await ask(op, asked as Asked<Op>, { token, site });
        if (op === 'startTask') await watch(answer as Task); // in their order: what is assigned must be there
      }
    };
    all()
      .then(() => {
        tell(t('Added as a draft. Hosts see it when the pending changes are applied.'));
        if (here.current) void navigate({ to: '/packages', search: {} });
      })
      .catch(setError)
      .finally(() => void queries.invalidateQueries());
  }, [intents, navigate, queries, site, token]);

  const cancel = () => task && void ask('cancelTask', { path: { task: task.id } }, { token, site }).catch(setError);
  return (
    <div className={layout.column}>
      {error !== undefined ? (
        <>
          <ErrorNotice error={error} />
          <div>
            <Button onClick={back}>{t('Back')}</Button>
          </div>
        </>
      ) : (
        <div className={layout.row}>
          <Spinner size="small" label={t('The server reads and verifies the image')} labelPosition="after" />
          {task && <Button onClick={cancel}>{t('Cancel')}</Button>}
        </div>
      )}
      {task && <TaskLog of={task} />}
      {error === undefined && (
        <MessageBar>
          <MessageBarBody>{t('You may leave this page: the task goes on, and stands under Tasks.')}</MessageBarBody>
        </MessageBar>
      )}
    </div>
  );
}
