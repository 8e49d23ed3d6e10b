import { Text } from '@fluentui/react-components';
import { useAskFarm } from '../../api/queries';
import { Command } from '../../parts/Command';
import { Copyable } from '../../parts/Copy';
import { Section } from '../../parts/Facts';
import { JSONView } from '../../parts/JSONView';
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
      <Section title={t('To add or remove one')}>
        <Text>
          {t(
            'Add a line like this to the command that starts the server, or take one away, and start it again. Sessions, drafts and hosts are not disturbed by that.',
          )}
        </Text>
        <Command line="--image-root '\\files\apps'" />
      </Section>
      <Section title={t('Logins for file servers')}>
        <Text>
          {t(
            'They stand in a file that only the server’s account can read, are never sent to a browser, and are named by this flag. All hosts need read permission on the same paths, by accounts of their own.',
          )}
        </Text>
        <Command line="--share-logins /etc/berth/logins.json" />
        <JSONView
          label={t('The file with logins')}
          value={[{ server: 'files', domain: 'EXAMPLE', user: 'svc-berth', password: '…' }]}
        />
      </Section>
    </>
  );
}
