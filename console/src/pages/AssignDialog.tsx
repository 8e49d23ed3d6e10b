import { Checkbox, Field, MessageBar, MessageBarBody, MessageBarTitle, Select, Text } from '@fluentui/react-components';
import { useState } from 'react';
import { intent } from '../api/intent';
import { useAsk, useSettings } from '../api/queries';
import type { Assignment, Package } from '../api/schema';
import { tagName } from '../logic/why';
import { ActionDialog } from '../parts/Action';
import { Empty, Loaded } from '../parts/Page';
import { useLayout } from '../parts/styles';
import { To } from '../parts/To';
import { t, tn } from '../text/t';
import { flagOf, type Holder } from './Assignments';

interface Props {
  of: Holder;
  etag: string | undefined;
  close: () => void;
  /** The entry to change; without one, packages are added. */
  edit?: Assignment;
}

/** AssignDialog puts packages into a list: which families, by which versions, registered when. */
export function AssignDialog({ of, etag, close, edit }: Props) {
  const layout = useLayout();
  const packages = useAsk('listPackages', { query: { limit: 500 } });
  const settings = useSettings();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(edit ? [edit.family] : []));
  const [selector, setSelector] = useState(
    edit ? (edit.version ? `version:${edit.version}` : `tag:${edit.tag}`) : 'tag:production',
  );
  const [onDemand, setOnDemand] = useState(edit?.registration === 'onDemand');
  const tags = settings.data?.tags ?? [];
  const all = (packages.data?.items ?? []).filter((p) => !p.framework && !p.retiring);
  const families = [...new Map(all.map((p) => [p.familyName, p.displayName]))];
  const versions = chosen.size === 1 ? all.filter((p) => chosen.has(p.familyName)) : [];
  const [how, what] = [selector.slice(0, selector.indexOf(':')), selector.slice(selector.indexOf(':') + 1)];
  const usable = how === 'tag' || versions.some((p) => p.fullName === what);
  const registration = onDemand ? ('onDemand' as const) : ('atLogon' as const);
  const intents = !usable
    ? []
    : [...chosen].map((family, i) =>
        intent(
          'assign',
          {
            path: of,
            body: how === 'tag' ? { family, tag: what, registration } : { version: what, registration },
            // The list's revision rises with the first of several.
            ...(etag && i === 0 ? { ifMatch: etag } : {}),
          },
          'assign',
          'add',
          ...(how === 'tag' ? [family, '--tag', tagName(what, tags)] : ['--version', what]),
          ...flagOf(of),
          ...(onDemand ? ['--on-demand'] : []),
        ),
      );
  const toggle = (family: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(family);
    else next.delete(family);
    setChosen(next);
    if (next.size !== 1 && how === 'version') setSelector('tag:production');
  };
  return (
    <ActionDialog
      title={edit ? t('Change how it is assigned') : t('Add packages')}
      confirm={edit ? t('Save') : t('Add')}
      intents={intents}
      close={close}
      done={tn(chosen.size, '{n} package is assigned in the draft.', '{n} packages are assigned in the draft.')}
    >
      <Loaded of={packages}>
        {() =>
          families.length === 0 ? (
            <Empty title={t('The catalogue is empty')}>
              <To to="/packages/add">{t('Add a package')}</To>
            </Empty>
          ) : (
            <>
              {!edit && (
                <div role="group" aria-label={t('Packages')}>
                  <Text weight="semibold">{t('Packages')}</Text>
                  {families.map(([family, name]) => (
                    <div key={family}>
                      <Checkbox
                        label={name}
                        title={family}
                        checked={chosen.has(family)}
                        onChange={(_, { checked }) => toggle(family, checked === true)}
                      />
                    </div>
                  ))}
                </div>
              )}
              <Field
                label={t('Version')}
                hint={t('A tag is followed: when it moves to another version, these hosts get that one.')}
              >
                <Select value={usable ? selector : 'tag:production'} onChange={(_, { value }) => setSelector(value)}>
                  {tags.map(({ id, name }) => (
                    <option key={id} value={`tag:${id}`}>
                      {t('tag {name}', { name })}
                    </option>
                  ))}
                  {versions.map((p) => (
                    <option key={p.fullName} value={`version:${p.fullName}`}>
                      {t('exactly {version}', { version: `${p.version} (${p.architecture})` })}
                    </option>
                  ))}
                </Select>
              </Field>
              <Field label={t('Registration')}>
                <Select value={registration} onChange={(_, { value }) => setOnDemand(value === 'onDemand')}>
                  <option value="atLogon">{t('At logon: applications are there when the session begins')}</option>
                  <option value="onDemand">{t('On demand: when an application is first used')}</option>
                </Select>
              </Field>
              <div className={layout.column}>
                {[...chosen].slice(0, 6).map((family) => (
                  <Needs
                    key={family}
                    of={meant(all, family, how, what)}
                    family={family}
                    how={how}
                    tag={tagName(what, tags)}
                  />
                ))}
              </div>
            </>
          )
        }
      </Loaded>
    </ActionDialog>
  );
}

/** meant is the version that a selector would choose, as far as the catalogue alone tells. */
function meant(all: Package[], family: string, how: string, what: string): Package | undefined {
  const fitting = all.filter(
    (p) => p.familyName === family && (how === 'tag' ? p.tags?.includes(what) && p.enabled : p.fullName === what),
  );
  const parts = (p: Package) => p.version.split('.').map(Number);
  return fitting.toSorted(
    (a, b) =>
      parts(b)
        .map((n, i) => n - (parts(a)[i] ?? 0))
        .find((d) => d !== 0) ?? 0,
  )[0];
}

const states: Record<string, string> = {
  satisfied: t('in the catalogue, comes along'),
  inCatalogue: t('in the catalogue, but no version that would do'),
  missing: t('missing'),
};

/** Needs warns of all dependencies of a version that is about to be assigned. */
function Needs({ of: p, family, how, tag }: { of: Package | undefined; family: string; how: string; tag: string }) {
  const layout = useLayout();
  const found = useAsk('getPackage', { path: { package: p?.fullName ?? '' } }, { off: p === undefined });
  if (!p) {
    return how === 'tag' ? (
      <MessageBar intent="warning" layout="multiline">
        <MessageBarBody>
          {t('No enabled version of {family} carries the tag {tag}: hosts will show “No version found”.', {
            family,
            tag,
          })}
        </MessageBarBody>
      </MessageBar>
    ) : null;
  }
  const checks = found.data?.dependencyChecks ?? [];
  if (checks.length === 0) return null;
  const bad = checks.some((d) => d.state !== 'satisfied');
  return (
    <MessageBar intent={bad ? 'warning' : 'info'} layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>
          {t('{name} {version} has dependencies', { name: p.displayName, version: p.version })}
        </MessageBarTitle>
        <ul className={layout.list}>
          {checks.map((d) => (
            <li key={`${d.neededBy} ${d.name}`}>
              {t('{name}, {version} or newer', { name: d.name, version: d.minVersion })}: {states[d.state] ?? d.state}
              {d.why ? ` (${d.why})` : ''}
            </li>
          ))}
        </ul>
      </MessageBarBody>
    </MessageBar>
  );
}
