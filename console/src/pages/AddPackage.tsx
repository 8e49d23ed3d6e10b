import {
  Button,
  Checkbox,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  Radio,
  RadioGroup,
  Select,
  Spinner,
  Text,
} from '@fluentui/react-components';
import { useMutation } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type SubmitEvent } from 'react';
import type { Search } from '../logic/search';
import { ask } from '../api/ask';
import { intent, type Intent } from '../api/intent';
import { useAsk, useSettings, useSite, useWhyNot } from '../api/queries';
import type { ImagePackage, ImageView, Tag } from '../api/schema';
import { useSession } from '../api/session';
import { hostKind } from '../logic/format';
import { registrationName, tagName, tagNames } from '../logic/why';
import { ActionButton } from '../parts/Action';
import { Commands } from '../parts/Command';
import { ErrorNotice } from '../parts/ErrorNotice';
import { Facts, Section } from '../parts/Facts';
import { Group } from '../parts/Group';
import { Page } from '../parts/Page';
import { Steps } from '../parts/Steps';
import { useLayout } from '../parts/styles';
import { To } from '../parts/To';
import { Unsaved } from '../parts/Unsaved';
import { t } from '../text/t';
import { Adding } from './Adding';
import { Browse } from './Browse';
import { HealthField, healthOf } from './Health';
import { AboutImage, Checks } from './Inspection';
import { flagOf, type Holder } from './Assignments';

/** Choices are what the wizard has gathered so far. */
interface Choices {
  packages: string[];
  name: string;
  tags: string[];
  disabled: boolean;
  onFailure: string; // empty: as the server has it
  target: string; // "holder name", or empty
  by: string; // a tag to follow, or empty for the exact version
  onDemand: boolean;
}

const none: Choices = {
  packages: [],
  name: '',
  tags: [],
  disabled: false,
  onFailure: '',
  target: '',
  by: '',
  onDemand: false,
};

const folderOf = (path: string) => path.slice(0, Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')));

/** AddPackage adds packages from an image in four steps: image, package, details, review. */
export function AddPackage() {
  const layout = useLayout();
  const navigate = useNavigate();
  const { token } = useSession();
  const site = useSite();
  const not = useWhyNot('contributor');
  const { path: asked = '' } = useSearch({ strict: false });
  const [path, setPath] = useState(asked);
  const [browsing, setBrowsing] = useState<string>();
  const [step, setStep] = useState(0);
  const [choices, setChoices] = useState(none);
  const [started, setStarted] = useState<Intent[]>();
  const inspect = useMutation({
    mutationFn: (image: string) => ask('inspectImage', { body: { path: image } }, { token, site }),
  });
  const view = inspect.data;
  const chosen = (view?.packages ?? []).filter((p) => choices.packages.includes(p.fullName));

  const look = (image: string) => {
    setPath(image);
    setBrowsing(undefined);
    void navigate({ to: '.', search: (b: Search) => ({ ...b, path: image }), replace: true });
    inspect.mutate(image, {
      onSuccess: (found) => {
        const free = (found.packages ?? []).filter((p) => p.addable && !p.inCatalogue);
        const only = free.length === 1 ? free[0] : undefined;
        setChoices({ ...none, packages: only ? [only.fullName] : [], name: only?.displayName ?? '' });
        setStep(1);
      },
    });
  };

  return (
    <Page
      title={t('Add from MSIX image')}
      crumbs={[
        <To key="p" to="/packages">
          {t('Application packages')}
        </To>,
      ]}
    >
      <Unsaved when={step > 0 && started === undefined} />
      {not !== undefined && (
        <MessageBar intent="warning">
          <MessageBarBody>{not}</MessageBarBody>
        </MessageBar>
      )}
      <Steps names={[t('Image'), t('Package'), t('Details'), t('Review')]} at={step} />
      {step === 0 && (
        <ImageStep
          path={path}
          setPath={setPath}
          browsing={browsing}
          browse={setBrowsing}
          look={look}
          busy={inspect.isPending}
          error={inspect.error}
        />
      )}
      {step === 1 && view && (
        <PackageStep view={view} choices={choices} set={setChoices} back={() => setStep(0)} next={() => setStep(2)} />
      )}
      {step === 2 && (
        <DetailStep
          chosen={chosen}
          choices={choices}
          set={setChoices}
          back={() => setStep(1)}
          next={() => setStep(3)}
        />
      )}
      {step === 3 &&
        view &&
        (started ? (
          <Adding intents={started} back={() => setStarted(undefined)} />
        ) : (
          <ReviewStep
            path={view.path}
            chosen={chosen}
            choices={choices}
            why={not}
            back={() => setStep(2)}
            finish={setStarted}
          />
        ))}
      <span className={layout.hidden} />
    </Page>
  );
}

interface ImageStepProps {
  path: string;
  setPath: (path: string) => void;
  browsing: string | undefined;
  browse: (folder: string | undefined) => void;
  look: (path: string) => void;
  busy: boolean;
  error: unknown;
}

function ImageStep({ path, setPath, browsing, browse, look, busy, error }: ImageStepProps) {
  const layout = useLayout();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (path.trim() !== '' && !busy) look(path.trim());
  };
  return (
    <>
      <form onSubmit={submit} className={layout.form}>
        {error !== null && <ErrorNotice error={error} />}
        <Field
          label={t('MSIX image path')}
          required
          hint={t(
            'A VHD, VHDX or CIM file on a share, by the path that the hosts use. All hosts must be able to read it.',
          )}
        >
          <Input value={path} autoFocus onChange={(_, { value }) => setPath(value)} />
        </Field>
        <div className={layout.row}>
          <ActionButton
            type="submit"
            appearance="primary"
            why={path.trim() === '' ? t('Type a path, or browse for an image.') : undefined}
            disabledFocusable={busy}
          >
            {t('Next: look into it')}
          </ActionButton>
          <Button
            aria-expanded={browsing !== undefined}
            onClick={() => browse(browsing === undefined ? folderOf(path) : undefined)}
          >
            {t('Browse')}
          </Button>
          {busy && <Spinner size="tiny" label={t('The server reads the image')} labelPosition="after" />}
        </div>
      </form>
      {browsing !== undefined && (
        <Browse folder={browsing} open={browse} choose={(entry) => look(entry.path)} want="image" />
      )}
    </>
  );
}

interface StepProps {
  choices: Choices;
  set: (choices: Choices) => void;
  back: () => void;
  next: () => void;
}

function Buttons({ back, next, why }: { back: () => void; next: () => void; why: string | undefined }) {
  const layout = useLayout();
  return (
    <div className={layout.row}>
      <Button onClick={back}>{t('Back')}</Button>
      <ActionButton appearance="primary" why={why} onClick={next}>
        {t('Next')}
      </ActionButton>
    </div>
  );
}

function PackageStep({ view, choices, set, back, next }: StepProps & { view: ImageView }) {
  const layout = useLayout();
  const packages = view.packages ?? [];
  const toggle = (p: ImagePackage, on: boolean) => {
    const list = on ? [...choices.packages, p.fullName] : choices.packages.filter((x) => x !== p.fullName);
    set({
      ...choices,
      packages: list,
      name: list.length === 1 ? (packages.find((x) => x.fullName === list[0])?.displayName ?? '') : '',
    });
  };
  return (
    <div className={layout.column}>
      <AboutImage of={view} />
      {packages.map((p) => (
        <Section key={p.fullName} title={`${p.displayName} ${p.version}`}>
          <Checkbox
            label={t('Add {name}', { name: p.fullName })}
            checked={choices.packages.includes(p.fullName)}
            disabled={!p.addable || p.inCatalogue}
            onChange={(_, { checked }) => toggle(p, checked === true)}
          />
          {p.inCatalogue && (
            <Text>
              {t('The catalogue has this version already:')}{' '}
              <To to="/packages/$id" params={{ id: p.fullName }}>
                {t('its properties')}
              </To>
            </Text>
          )}
          <Text className={layout.soft}>
            {[
              p.architecture,
              p.publisherDisplayName || p.publisher,
              (p.applications ?? []).map((a) => a.displayName).join(', '),
            ]
              .filter(Boolean)
              .join(' · ')}
          </Text>
          <Checks of={p} />
        </Section>
      ))}
      <Buttons
        back={back}
        next={next}
        why={choices.packages.length === 0 ? t('Choose a package that can be added.') : undefined}
      />
    </div>
  );
}

function DetailStep({ chosen, choices, set, back, next }: StepProps & { chosen: ImagePackage[] }) {
  const layout = useLayout();
  const tags = useSettings().data?.tags ?? [];
  const pools = useAsk('listPools', {}).data?.items ?? [];
  const toggle = (id: string, on: boolean) =>
    set({ ...choices, tags: on ? [...choices.tags, id] : choices.tags.filter((x) => x !== id) });
  return (
    <div className={layout.form}>
      {chosen.length === 1 && (
        <Field label={t('Display name')} required>
          <Input value={choices.name} onChange={(_, { value }) => set({ ...choices, name: value })} />
        </Field>
      )}
      <Group
        label={t('Version tags')}
        hint={t('Hosts that follow a tag get this version once the changes are applied.')}
      >
        {tags.map(({ id, name }) => (
          <Checkbox
            key={id}
            label={name}
            checked={choices.tags.includes(id)}
            onChange={(_, { checked }) => toggle(id, checked === true)}
          />
        ))}
      </Group>
      <Field label={t('State')}>
        <RadioGroup
          value={choices.disabled ? 'disabled' : 'enabled'}
          onChange={(_, { value }) => set({ ...choices, disabled: value === 'disabled' })}
        >
          <Radio value="enabled" label={t('Enabled: hosts can be given it')} />
          <Radio value="disabled" label={t('Disabled: in the catalogue only')} />
        </RadioGroup>
      </Field>
      <HealthField value={choices.onFailure} set={(onFailure) => set({ ...choices, onFailure })} />
      <Field label={t('Assign it to')} hint={t('A pool that inherits its list gets one of its own by that.')}>
        <Select value={choices.target} onChange={(_, { value }) => set({ ...choices, target: value })}>
          <option value="">{t('nobody yet')}</option>
          {['rdsh', 'vdi', 'avd'].map((kind) => (
            <option key={kind} value={`defaults ${kind}`}>
              {t('site defaults for {kind}', { kind: hostKind(kind) })}
            </option>
          ))}
          {pools.map((p) => (
            <option key={p.name} value={`pools ${p.name}`}>
              {t('pool {name}', { name: p.name })}
            </option>
          ))}
        </Select>
      </Field>
      {choices.target !== '' && (
        <>
          <Field
            label={t('Version')}
            hint={t('A tag is followed: when it moves to another version, these hosts get that one.')}
          >
            <Select value={choices.by} onChange={(_, { value }) => set({ ...choices, by: value })}>
              <option value="">{t('exactly this version')}</option>
              {tags.map(({ id, name }) => (
                <option key={id} value={id}>
                  {choices.tags.includes(id)
                    ? t('tag {name}', { name })
                    : t('tag {name}, which it does not get here', { name })}
                </option>
              ))}
            </Select>
          </Field>
          <Field label={t('Registration')}>
            <RadioGroup
              value={choices.onDemand ? 'onDemand' : 'atLogon'}
              onChange={(_, { value }) => set({ ...choices, onDemand: value === 'onDemand' })}
            >
              <Radio value="atLogon" label={t('At logon: applications are there when the session begins')} />
              <Radio value="onDemand" label={t('On demand: when an application is first used')} />
            </RadioGroup>
          </Field>
        </>
      )}
      <Buttons
        back={back}
        next={next}
        why={chosen.length === 1 && choices.name.trim() === '' ? t('Give it a display name.') : undefined}
      />
    </div>
  );
}

/** intentsOf are the writes that the wizard ends in: packages first, then where they are assigned. */
function intentsOf(path: string, chosen: ImagePackage[], c: Choices, tags: Tag[] | null | undefined): Intent[] {
  const names = tagNames(c.tags, tags);
  const [holder = '', ...rest] = c.target.split(' ');
  const of: Holder = { holder: holder === 'pools' ? 'pools' : 'defaults', name: rest.join(' ') };
  return chosen.flatMap((p) => {
    const name = chosen.length === 1 && c.name.trim() !== p.displayName ? c.name.trim() : undefined;
    const add = {
      imagePath: path,
      fullName: p.fullName,
      ...(name === undefined ? {} : { displayName: name }),
      ...(c.tags.length > 0 ? { tags: c.tags } : {}),
      ...(c.disabled ? { disabled: true } : {}),
      ...(c.onFailure === '' ? {} : { onFailure: c.onFailure }),
    };
    const cli = [
      'package',
      'add',
      path,
      '--package',
      p.fullName,
      ...(name === undefined ? [] : ['--name', name]),
      ...names.flatMap((tag) => ['--tag', tag]),
      ...(c.onFailure === '' ? [] : ['--on-failure', c.onFailure]),
      ...(c.disabled ? ['--disabled'] : []),
    ];
    const adding = intent('startTask', { body: { kind: 'add', add } }, ...cli);
    if (c.target === '') return [adding];
    const registration = c.onDemand ? ('onDemand' as const) : ('atLogon' as const);
    const by = c.by === '' ? { version: p.fullName } : { family: p.familyName, tag: c.by };
    const said = c.by === '' ? ['--version', p.fullName] : [p.familyName, '--tag', tagName(c.by, tags)];
    const onDemand = c.onDemand ? ['--on-demand'] : [];
    return [
      adding,
      intent(
        'assign',
        { path: of, body: { ...by, registration } },
        'assign',
        'add',
        ...said,
        ...flagOf(of),
        ...onDemand,
      ),
    ];
  });
}

/** Target says in words to whom the packages are assigned, by what, and when they are registered. */
function Target({ of: c, tags }: { of: Choices; tags: Tag[] | null | undefined }) {
  if (c.target === '') return <>{t('nobody yet')}</>;
  const [holder, ...rest] = c.target.split(' ');
  const name = rest.join(' ');
  return (
    <>
      {t('{who}: {selector}, registered {when}', {
        who: holder === 'pools' ? t('pool {name}', { name }) : t('site defaults for {kind}', { kind: hostKind(name) }),
        selector: c.by === '' ? t('exactly this version') : t('tag {name}', { name: tagName(c.by, tags) }),
        when: registrationName(c.onDemand ? 'onDemand' : 'atLogon'),
      })}
    </>
  );
}

interface ReviewProps {
  path: string;
  chosen: ImagePackage[];
  choices: Choices;
  why: string | undefined;
  back: () => void;
  finish: (intents: Intent[]) => void;
}

function ReviewStep({ path, chosen, choices, why, back, finish }: ReviewProps) {
  const layout = useLayout();
  const tags = useSettings().data?.tags;
  const names = tagNames(choices.tags, tags);
  const intents = intentsOf(path, chosen, choices, tags);
  return (
    <div className={layout.column}>
      <Facts
        rows={[
          [t('Image'), path],
          [t('Packages'), chosen.map((p) => p.fullName).join(', ')],
          [t('Display name'), chosen.length === 1 ? choices.name : t('as each package says')],
          [t('Version tags'), names.join(', ') || t('none')],
          [t('State'), choices.disabled ? t('disabled') : t('enabled')],
          [t('Health of AVD hosts where it fails'), choices.onFailure || healthOf('')],
          [t('Assigned to'), <Target key="a" of={choices} tags={tags} />],
        ]}
      />
      {chosen.map((p) => (
        <Section key={p.fullName} title={t('Findings about {name}', { name: `${p.displayName} ${p.version}` })}>
          <Checks of={p} />
        </Section>
      ))}
      <Text>
        {t(
          'Every file is read and held against the signed block map before the package is added. Hosts see it when the pending changes are applied.',
        )}
      </Text>
      <Commands of={intents} />
      <div className={layout.row}>
        <Button onClick={back}>{t('Back')}</Button>
        <ActionButton appearance="primary" why={why} onClick={() => finish(intents)}>
          {t('Finish')}
        </ActionButton>
      </div>
    </div>
  );
}
