import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
  tokens,
  type ButtonProps,
} from '@fluentui/react-components';
import { useEffect, useId, type ReactNode, type SubmitEvent } from 'react';
import type { Intent } from '../api/intent';
import { useRun } from '../api/queries';
import { t } from '../text/t';
import { Commands } from './Command';
import { ErrorNotice } from './ErrorNotice';
import { useReturnFocus } from './focus';
import { tell } from './notices';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, overflowWrap: 'anywhere' },
  surface: { maxWidth: 'min(40rem, calc(100vw - 2rem))' },
  title: { overflowWrap: 'anywhere', minWidth: 0 },
  danger: {
    backgroundColor: tokens.colorStatusDangerBackground3,
    color: tokens.colorNeutralForegroundOnBrand,
    ':hover': {
      backgroundColor: tokens.colorStatusDangerBackground3Hover,
      color: tokens.colorNeutralForegroundOnBrand,
    },
  },
  hidden: { display: 'none' },
});

/** ActionButton is a button that stays in reach while it is off, and says why it is. */
export function ActionButton({ why, ...props }: ButtonProps & { why?: string | undefined }) {
  const id = useId();
  const { hidden } = useStyles();
  return (
    <>
      <Button
        {...props}
        disabledFocusable={why !== undefined || props.disabledFocusable}
        title={why ?? props.title}
        aria-describedby={why === undefined ? undefined : id}
      />
      {why !== undefined && (
        <span id={id} className={hidden}>
          {why}
        </span>
      )}
    </>
  );
}

interface ActionDialogProps {
  title: string;
  /** What the button says; the other one says Cancel. */
  confirm: string;
  intents: Intent[];
  close: () => void;
  /** What is said when it is done. */
  done: string;
  after?: (answers: unknown[]) => void;
  danger?: boolean;
  /** The dialog stays open when it is done, to show an answer. */
  stay?: boolean;
  why?: string | undefined;
  children?: ReactNode;
}

/** ActionDialog asks before it writes: it says what will be written, shows the command for it, and any refusal. */
export function ActionDialog({
  title,
  confirm,
  intents,
  close,
  done,
  after,
  danger,
  stay,
  why,
  children,
}: ActionDialogProps) {
  const styles = useStyles();
  const run = useRun();
  useReturnFocus(true);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (run.isPending || why !== undefined || intents.length === 0) return;
    run.mutate(intents, {
      onSuccess: (answers) => {
        tell(done);
        if (!stay) close();
        after?.(answers);
      },
    });
  };
  return (
    <Dialog open onOpenChange={(_, { open }) => open || close()} modalType={danger ? 'alert' : 'modal'}>
      <DialogSurface className={styles.surface} aria-describedby={undefined}>
        <form onSubmit={submit}>
          <DialogBody>
            <DialogTitle className={styles.title}>{title}</DialogTitle>
            <DialogContent className={styles.content}>
              {run.error && <ErrorNotice error={run.error} />}
              {children}
              <Commands of={intents} />
            </DialogContent>
            <DialogActions>
              <ActionButton
                type="submit"
                appearance="primary"
                className={danger && why === undefined && intents.length > 0 ? styles.danger : undefined}
                why={why}
                disabledFocusable={run.isPending || intents.length === 0}
              >
                {run.isPending ? t('Working…') : confirm}
              </ActionButton>
              <Button onClick={close}>{t('Cancel')}</Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}

/** useShortcut calls what a key stands for, while nothing is being typed and no dialog is open. */
export function useShortcut(key: string, act: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const at = event.target instanceof HTMLElement ? event.target : undefined;
      if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey) return;
      if (at?.closest('input, textarea, select, [contenteditable], [role=dialog], [role=alertdialog], [role=menu]'))
        return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [key, act]);
}
