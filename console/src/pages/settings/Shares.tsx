import { Text } from '@fluentui/react-components';
import { useAskFarm } from '../../api/queries';
import { Command } from '../../parts/Command';
import { Copyable } from '../../parts/Copy';
import { Section } from '../../parts/Facts';
import { Empty, Loaded } from '../../parts/Page';
import { useLayout } from '../../parts/styles';
import { To } from '../../parts/To';
import { t } from '../../text/t';

/** Shares are the folders and shares that the server may open: a decision of whoever starts it, not of the console. */
export function Shares() {
  const layout = useLayout();
  const server = useAskFarm('getServer', {});
  return (
    <>
      <Text>
        {t(
          'The server opens images below these folders and shares only. They are set where the server is started, so that nobody who signs in can let it read other files.',
        )}
      </Text>
      <Loaded of={server}>
        {({ imageRoots }) =>
          imageRoots?.length ? (
            <ul className={layout.list}>
              {imageRoots.map((root) => (
                <li key={root}>
                  <Copyable text={root} what={t('the path')} />{' '}
                  <To to="/images" search={{ path: root }}>
                    {t('Look into it')}
                  </To>
                </li>
              ))}
            </ul>
          ) : (
            <Empty title={t('There is none')}>
              <Text>{t('Until there is one, no package can be added.')}</Text>
            </Empty>
          )
        }
      </Loaded>
      <Section title={t('To add one')}>
        <Command line="berth server --image-root '\\files\msix'" />
        <Text>
          {t(
            'Logins for file servers stand in a file that --share-logins names. All hosts need read permission on the same paths.',
          )}
        </Text>
      </Section>
    </>
  );
}
