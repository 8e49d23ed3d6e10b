import {
  Button,
  Checkbox,
  Field,
  Input,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
} from '@fluentui/react-components';
import { useState, type SubmitEvent } from 'react';
import { intent } from '../api/intent';
import { Problem } from '../api/problem';
import { useRun, useSettings, useWhyNot } from '../api/queries';
import type { PackageView } from '../api/schema';
import { tagName, tagNames } from '../logic/why';
import { ActionButton } from '../parts/Action';
import { Commands } from '../parts/Command';
import { ErrorNotice } from '../parts/ErrorNotice';
import { Group } from '../parts/Group';
import { tell } from '../parts/notices';
import { useLayout } from '../parts/styles';
import { Unsaved } from '../parts/Unsaved';
import { t } from '../text/t';
import { HealthField, healthOf } from './Health';

interface Form {
  displayName: string;
  enabled: boolean;
  tags: string[];
  onFailure: string;
}

const formOf = (p: PackageView): Form => ({
  displayName: p.displayName,
  enabled: p.enabled,
  tags: p.tags ?? [],
  onFailure: p.onFailure ?? '',
});
const sameTags = (a: Form, b: Form) => a.tags.toSorted().join() === b.tags.toSorted().join();
const same = (a: Form, b: Form) =>
  a.displayName === b.displayName && a.enabled === b.enabled && a.onFailure === b.onFailure && sameTags(a, b);

/** editOf is the intent that saves a form over the revision that its writer saw. */
function editOf(p: PackageView, before: Form, form: Form, revision: number, names: string[]) {
  const changed = {
    name: form.displayName !== before.displayName,
    enabled: form.enabled !== before.enabled,
    tags: !sameTags(form, before),
    health: form.onFailure !== before.onFailure,
  };
  const flags = [
    ...(changed.name ? ['--name', form.displayName] : []),
    ...(changed.enabled ? [`--enabled=${form.enabled}`] : []),
    ...(changed.tags ? ['--tags', names.join(',')] : []),
    ...(changed.health ? ['--on-failure', form.onFailure] : []),
  ];
  const body = {
    ...(changed.name ? { displayName: form.displayName } : {}),
    ...(changed.enabled ? { enabled: form.enabled } : {}),
    ...(changed.tags ? { tags: form.tags } : {}),
    ...(changed.health ? { onFailure: form.onFailure } : {}),
  };
  return intent(
    'editPackage',
    { path: { package: p.fullName }, body, ifMatch: `"${revision}"` },
    'package',
    'set',
    p.fullName,
    ...flags,
  );
}

/** PackageForm edits what can be edited. What somebody else changed meanwhile is shown, and nothing typed is lost. */
export function PackageForm({ of: p }: { of: PackageView }) {
  const layout = useLayout();
  const not = useWhyNot('contributor');
  const tags = useSettings().data?.tags ?? [];
  const run = useRun();
  const [base, setBase] = useState({ form: formOf(p), revision: p.revision });
  const [form, setForm] = useState(base.form);
  const dirty = !same(form, base.form);
  // While nothing is typed the form follows the server; once something is, its base stays what its writer saw.
  if (!dirty && p.revision !== base.revision) {
    setBase({ form: formOf(p), revision: p.revision });
    setForm(formOf(p));
  }
  const conflict = dirty && p.revision !== base.revision;
  const edit = editOf(p, base.form, form, base.revision, tagNames(form.tags, tags));
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    if (not !== undefined || !dirty) return;
    run.mutate([edit], {
      onSuccess: ([answer]) => {
        const now = answer as PackageView;
        setBase({ form: formOf(now), revision: now.revision });
        setForm(formOf(now));
        tell(t('Saved as a draft. Hosts see it when the pending changes are applied.'));
      },
    });
  };
  const refused = run.error instanceof Problem && run.error.more.status === 412;
  return (
    <form onSubmit={save} className={layout.form}>
      <Unsaved when={dirty} />
      {run.error && <ErrorNotice error={run.error} />}
      {(conflict || refused) && (
        <Newest
          of={p}
          mine={form}
          take={() => {
            setBase({ form: formOf(p), revision: p.revision });
            setForm(formOf(p));
            run.reset();
          }}
          keep={() => {
            setBase({ form: formOf(p), revision: p.revision });
            run.reset();
          }}
        />
      )}
      <Checkbox
        label={t('Enable application package in site')}
        disabled={not !== undefined}
        checked={form.enabled}
        onChange={(_, { checked }) => setForm({ ...form, enabled: checked === true })}
      />
      <Field label={t('Display name')} required>
        <Input
          value={form.displayName}
          readOnly={not !== undefined}
          onChange={(_, { value }) => setForm({ ...form, displayName: value })}
        />
      </Field>
      <Group label={t('Version tag')}>
        {tags.map(({ id, name }) => (
          <Checkbox
            key={id}
            label={name}
            disabled={not !== undefined}
            checked={form.tags.includes(id)}
            onChange={(_, { checked }) =>
              setForm({ ...form, tags: checked === true ? [...form.tags, id] : form.tags.filter((x) => x !== id) })
            }
          />
        ))}
      </Group>
      <HealthField
        value={form.onFailure}
        readOnly={not !== undefined}
        set={(onFailure) => setForm({ ...form, onFailure })}
      />
      <div className={layout.row}>
        <ActionButton
          type="submit"
          appearance="primary"
          why={not ?? (dirty ? undefined : t('Nothing was changed.'))}
          disabledFocusable={run.isPending}
        >
          {t('Save')}
        </ActionButton>
        {dirty && <Button onClick={() => setForm(base.form)}>{t('Undo')}</Button>}
      </div>
      {dirty && <Commands of={[edit]} />}
    </form>
  );
}

/** Newest shows what somebody else made of the package while it was edited here. */
function Newest({ of: p, mine, take, keep }: { of: PackageView; mine: Form; take: () => void; keep: () => void }) {
  const layout = useLayout();
  const tags = useSettings().data?.tags;
  const theirs = formOf(p);
  const words = (f: Form) =>
    [
      f.displayName,
      f.enabled ? t('enabled') : t('disabled'),
      f.tags.map((id) => tagName(id, tags)).join(', ') || t('no tags'),
      healthOf(f.onFailure),
    ].join(' · ');
  return (
    <MessageBar intent="warning" layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{t('Somebody else changed this package meanwhile')}</MessageBarTitle>
        <span className={layout.line}>{t('On the server: {words}', { words: words(theirs) })}</span>
        <span className={layout.line}>{t('Here: {words}', { words: words(mine) })}</span>
        <span className={layout.row}>
          <Button size="small" onClick={keep}>
            {t('Keep mine: save it over theirs next')}
          </Button>
          <Button size="small" onClick={take}>
            {t('Take theirs')}
          </Button>
        </span>
      </MessageBarBody>
    </MessageBar>
  );
}
