import { Button, MessageBar, MessageBarBody, Text } from '@fluentui/react-components';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useAsk, useAskFarm, useWhyNot } from '../api/queries';
import { Command } from '../parts/Command';
import { Section } from '../parts/Facts';
import { Loaded, Page } from '../parts/Page';
import { Steps } from '../parts/Steps';
import { useLayout } from '../parts/styles';
import { t, tn } from '../text/t';
import { Browse } from './Browse';
import { NewKey } from './settings/Agents';
import { NewUser } from './settings/Users';

/** Setup is the first run: an administrator's account, the first share, the first host. */
export function Setup() {
  const layout = useLayout();
  const navigate = useNavigate();
  const [step, setStep] = useState(0);
  const not = useWhyNot('owner', true);
  const names = [t('Administrator'), t('First share'), t('First host'), t('Ready')];
  return (
    <Page title={t('First run')} lead={t('Three steps, and the site is in use. Each can be left out and done later.')}>
      <Steps names={names} at={step} />
      {not !== undefined && (
        <MessageBar intent="warning">
          <MessageBarBody>{not}</MessageBarBody>
        </MessageBar>
      )}
      {step === 0 && <Account />}
      {step === 1 && <Share />}
      {step === 2 && <FirstHost />}
      {step === 3 && (
        <Section title={t('Ready')}>
          <Text>{t('Add the first package from an image next; then assign it, and apply.')}</Text>
          <div className={layout.row}>
            <Button appearance="primary" onClick={() => void navigate({ to: '/packages/add' })}>
              {t('Add a package')}
            </Button>
            <Button onClick={() => void navigate({ to: '/' })}>{t('Go to the overview')}</Button>
          </div>
        </Section>
      )}
      <div className={layout.row}>
        <Button disabledFocusable={step === 0} onClick={() => setStep(step - 1)}>
          {t('Back')}
        </Button>
        {step < 3 && (
          <Button appearance={step === 0 ? 'secondary' : 'primary'} onClick={() => setStep(step + 1)}>
            {t('Next')}
          </Button>
        )}
      </div>
    </Page>
  );
}

function Account() {
  const users = useAskFarm('listUsers', {});
  return (
    <Section title={t('An administrator’s account')}>
      <Loaded of={users}>
        {({ items }) =>
          items?.length ? (
            <Text>
              {tn(items.length, 'There is {n} user: {names}.', 'There are {n} users: {names}.', {
                names: items
                  .slice(0, 5)
                  .map((u) => u.name)
                  .join(', '),
              })}
            </Text>
          ) : (
            <>
              <Text>
                {t(
                  'So far only the first token opens this server. Make an account with a password, and keep the token for emergencies.',
                )}
              </Text>
              <NewUser owner />
            </>
          )
        }
      </Loaded>
    </Section>
  );
}

function Share() {
  const [folder, setFolder] = useState('');
  const server = useAskFarm('getServer', {});
  return (
    <Section title={t('The share with the images')}>
      <Loaded of={server}>
        {({ imageRoots }) =>
          imageRoots?.length ? (
            <Text>{t('This is what the server sees. Hosts must be able to read the same paths.')}</Text>
          ) : (
            <>
              <Text>{t('The server may open no folder and no share yet. Start it with one:')}</Text>
              <Command line="berth server --image-root '\\files\msix'" />
            </>
          )
        }
      </Loaded>
      <Browse folder={folder} open={setFolder} choose={() => undefined} want="image" />
    </Section>
  );
}

function FirstHost() {
  const hosts = useAsk('listHosts', { query: { limit: 5, total: true } });
  return (
    <Section title={t('The first host')}>
      <Loaded of={hosts}>
        {({ items, total }) => (
          <Text>
            {items?.length
              ? tn(total ?? items.length, '{n} host is enrolled: {names}.', '{n} hosts are enrolled: {names}.', {
                  names: items.map((h) => h.name).join(', '),
                })
              : t('No host is enrolled yet. Make a key, and paste the command on the session host.')}
          </Text>
        )}
      </Loaded>
      <NewKey />
    </Section>
  );
}
