import { Checkbox, MessageBar, MessageBarBody, Text } from '@fluentui/react-components';
import { useState } from 'react';
import { intent, type Intent } from '../api/intent';
import { useAsk, useSettings } from '../api/queries';
import type { Package } from '../api/schema';
import { tagName } from '../logic/why';
import { ActionDialog } from '../parts/Action';
import { ErrorNotice } from '../parts/ErrorNotice';
import { useLayout } from '../parts/styles';
import { t, tn } from '../text/t';

type Short = Pick<Package, 'fullName' | 'displayName' | 'version' | 'tags' | 'enabled'>;

const called = (packages: Short[]) =>
  packages.length === 1 && packages[0]
    ? `${packages[0].displayName} ${packages[0].version}`
    : tn(packages.length, '{n} package', '{n} packages');

function Named({ packages }: { packages: Short[] }) {
  const layout = useLayout();
  return (
    <ul className={layout.list}>
      {packages.slice(0, 10).map((p) => (
        <li key={p.fullName}>
          {p.displayName} {p.version}
        </li>
      ))}
      {packages.length > 10 && <li>{tn(packages.length - 10, 'and {n} more', 'and {n} more')}</li>}
    </ul>
  );
}

/** tagIntents are the edits that make the tags of packages the wanted ones. */
export function tagIntents(
  packages: Short[],
  wanted: ReadonlySet<string>,
  move: boolean,
  nameOf: (id: string) => string,
): Intent[] {
  return packages.flatMap((p) => {
    const path = { package: p.fullName };
    const have = p.tags ?? [];
    const add = [...wanted].filter((id) => !have.includes(id));
    const gone = have.filter((id) => !wanted.has(id));
    return [
      ...add.map((tag) =>
        intent(
          'tagPackage',
          { path, body: move ? { tag, move } : { tag } },
          'tag',
          move ? 'move' : 'add',
          nameOf(tag),
          p.fullName,
        ),
      ),
      ...gone.map((tag) =>
        intent('untagPackage', { path: { ...path, tag } }, 'tag', 'remove', nameOf(tag), p.fullName),
      ),
    ];
  });
}

/** TagDialog changes which of the three tags packages carry. */
export function TagDialog({ packages, close }: { packages: Short[]; close: () => void }) {
  const tags = useSettings().data?.tags ?? [];
  const [wanted, setWanted] = useState<ReadonlySet<string>>(new Set(packages.length === 1 ? packages[0]?.tags : []));
  const [move, setMove] = useState(true);
  const intents = tagIntents(packages, wanted, move, (id) => tagName(id, tags));
  const toggle = (id: string, on: boolean) => {
    const next = new Set(wanted);
    if (on) next.add(id);
    else next.delete(id);
    setWanted(next);
  };
  return (
    <ActionDialog
      title={t('Version tags of {what}', { what: called(packages) })}
      confirm={t('Save tags')}
      intents={intents}
      close={close}
      done={t('The tags of {what} are drafted. Hosts see it when the pending changes are applied.', {
        what: called(packages),
      })}
    >
      {packages.length > 1 && (
        <>
          <Named packages={packages} />
          <Text>{t('Each of them gets exactly the tags that are ticked here.')}</Text>
        </>
      )}
      <div role="group" aria-label={t('Version tags')}>
        {tags.map(({ id, name }) => (
          <div key={id}>
            <Checkbox
              label={name}
              checked={wanted.has(id)}
              onChange={(_, { checked }) => toggle(id, checked === true)}
            />
          </div>
        ))}
      </div>
      <Checkbox
        label={t('Take the tag from all other versions of the family')}
        checked={move}
        onChange={(_, { checked }) => setMove(checked === true)}
      />
      {!move && (
        <Text>
          {t(
            'Where more than one version carries a tag, hosts get the highest that fits them, and the conflict is shown.',
          )}
        </Text>
      )}
    </ActionDialog>
  );
}

/** UntagDialog takes all tags off packages. */
export function UntagDialog({ packages, close }: { packages: Short[]; close: () => void }) {
  const intents = packages
    .filter((p) => p.tags?.length)
    .map((p) => intent('untagPackage', { path: { package: p.fullName, tag: '*' } }, 'tag', 'clear', p.fullName));
  return (
    <ActionDialog
      title={t('Remove all tags of {what}?', { what: called(packages) })}
      confirm={t('Remove all tags')}
      intents={intents}
      close={close}
      done={t('All tags of {what} are removed in the draft.', { what: called(packages) })}
      danger
    >
      <Named packages={packages} />
      <Blow
        packages={packages}
        what={t('Hosts that have it by a tag lose it, or get another version that carries the tag:')}
      />
    </ActionDialog>
  );
}

/** EnableDialog enables or disables packages in the site. */
export function EnableDialog({ packages, enable, close }: { packages: Short[]; enable: boolean; close: () => void }) {
  const intents = packages
    .filter((p) => p.enabled !== enable)
    .map((p) =>
      intent(
        'editPackage',
        { path: { package: p.fullName }, body: { enabled: enable } },
        'package',
        'set',
        p.fullName,
        `--enabled=${enable}`,
      ),
    );
  return (
    <ActionDialog
      title={
        enable ? t('Enable {what}?', { what: called(packages) }) : t('Disable {what}?', { what: called(packages) })
      }
      confirm={enable ? t('Enable') : t('Disable')}
      intents={intents}
      close={close}
      done={
        enable
          ? t('{what} is enabled in the draft.', { what: called(packages) })
          : t('{what} is disabled in the draft.', { what: called(packages) })
      }
      danger={!enable}
    >
      <Named packages={packages} />
      {!enable && (
        <Blow
          packages={packages}
          what={t('These hosts let go of it once the change is applied. Sessions that use it keep it until they end:')}
        />
      )}
    </ActionDialog>
  );
}

/** DeleteDialog names who has the packages before it deletes them. */
export function DeleteDialog({ packages, close, after }: { packages: Short[]; close: () => void; after?: () => void }) {
  const [force, setForce] = useState(false);
  const intents = packages.map((p) =>
    intent(
      'removePackage',
      { path: { package: p.fullName }, query: force ? { force } : {} },
      'package',
      'remove',
      p.fullName,
      ...(force ? ['--force'] : []),
    ),
  );
  return (
    <ActionDialog
      title={t('Delete {what}?', { what: called(packages) })}
      confirm={force ? t('Retire') : t('Delete')}
      intents={intents}
      close={close}
      done={t('The deletion of {what} is drafted. Hosts see it when the pending changes are applied.', {
        what: called(packages),
      })}
      {...(after ? { after } : {})}
      danger
    >
      <Named packages={packages} />
      <Text>{t('The image on the share stays as it is.')}</Text>
      <Blow packages={packages} what={t('These hosts have it:')} />
      <Checkbox
        label={t('Delete it even though it is assigned: it goes once the last host has let go')}
        checked={force}
        onChange={(_, { checked }) => setForce(checked === true)}
      />
    </ActionDialog>
  );
}

/** Blow names what will be hit: hosts, by what they have a package, and the sessions that use it. */
function Blow({ packages, what }: { packages: Short[]; what: string }) {
  const layout = useLayout();
  return (
    <div className={layout.column}>
      {packages.slice(0, 5).map((p) => (
        <BlowOf key={p.fullName} of={p} what={what} />
      ))}
      {packages.length > 5 && <Text>{t('For the others see “Show assigned session hosts” of each.')}</Text>}
    </div>
  );
}

function BlowOf({ of: p, what }: { of: Short; what: string }) {
  const layout = useLayout();
  const hosts = useAsk('listAssignedHosts', { path: { package: p.fullName }, query: { limit: 8, total: true } });
  const family = familyOf(p.fullName);
  const rows = useAsk('listStatus', { query: { family, status: 'In use', limit: 100 } }, { off: family === '' });
  if (hosts.error) return <ErrorNotice error={hosts.error} />;
  if (!hosts.data || (!rows.data && !rows.error)) return <Text>{t('Looking for the hosts that have it…')}</Text>;
  const items = hosts.data.items ?? [];
  const more = (hosts.data.total ?? 0) - items.length;
  const using = (rows.data?.items ?? []).filter((r) => r.fullName === p.fullName && r.sessions > 0);
  const sessions = using.reduce((sum, r) => sum + r.sessions, 0);
  if (items.length === 0 && sessions === 0)
    return <Text>{t('No host has {name} {version}.', { name: p.displayName, version: p.version })}</Text>;
  return (
    <MessageBar intent="warning" layout="multiline">
      <MessageBarBody>
        <Text className={layout.line}>
          {p.displayName} {p.version}: {what}
        </Text>
        <ul className={layout.list}>
          {items.map((h) => (
            <li key={h.host}>
              {h.host}
              {(h.now ?? h.drafted)?.selector ? ` (${(h.now ?? h.drafted)?.selector})` : ''}
            </li>
          ))}
          {more > 0 && <li>{tn(more, 'and {n} more host', 'and {n} more hosts')}</li>}
        </ul>
        <Text className={layout.line}>
          {sessions === 0
            ? t('No session uses it now.')
            : rows.data?.next !== undefined
              ? t('More than {n} sessions use it now.', { n: sessions })
              : tn(sessions, '{n} session uses it now.', '{n} sessions use it now.')}
        </Text>
      </MessageBarBody>
    </MessageBar>
  );
}

/** familyOf reads the family out of a package full name: Name_Version_Architecture_Resource_Publisher. */
export function familyOf(fullName: string): string {
  const parts = fullName.split('_');
  return parts.length < 5 ? '' : `${parts.slice(0, -4).join('_')}_${parts.at(-1)}`;
}
