import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from '@fluentui/react-components';
import { t } from '../text/t';
import { useReturnFocus } from './focus';
import { Facts } from './Facts';

/** Keys tells what the keyboard does. */
export function Keys({ close }: { close: () => void }) {
  useReturnFocus(true);
  return (
    <Dialog open onOpenChange={(_, { open }) => open || close()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('Keys')}</DialogTitle>
          <DialogContent>
            <Facts
              rows={[
                ['/', t('Go to the search of this page, or of the whole site')],
                ['?', t('Show this list')],
                ['Tab, Shift+Tab', t('Go to the next or previous button, link or field')],
                ['Enter', t('Follow a link, press a button, confirm a dialog')],
                [t('Space'), t('Tick a box, press a button')],
                [t('Arrows'), t('Move between tabs; choose in a list')],
                ['Esc', t('Close a dialog or a side panel; the focus goes back to where it was')],
              ]}
            />
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={close}>
              {t('Close')}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
