import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from '@fluentui/react-components';
import { useBlocker } from '@tanstack/react-router';
import { useReturnFocus } from './focus';
import { t } from '../text/t';

/** Unsaved asks before a page is left on which something was typed and not saved. */
export function Unsaved({ when }: { when: boolean }) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => when && current.pathname !== next.pathname,
    enableBeforeUnload: when,
    withResolver: true,
  });
  useReturnFocus(blocker.status === 'blocked');
  return (
    <Dialog open={blocker.status === 'blocked'} modalType="alert">
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('Leave without saving?')}</DialogTitle>
          <DialogContent>{t('What you changed on this page was not saved, and would be lost.')}</DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={() => blocker.reset?.()}>
              {t('Stay here')}
            </Button>
            <Button onClick={() => blocker.proceed?.()}>{t('Leave')}</Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
