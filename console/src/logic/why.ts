import type { Assignment, Row, Tag } from '../api/schema';
import { t } from '../text/t';
import { hostKind } from './format';

/** levelName names the list in which a row stands. */
export function levelName(level: string | undefined, owner: string | undefined): string {
  switch (level) {
    case 'host':
      return t('the host’s own list');
    case 'pool':
      return t('pool {name}', { name: owner ?? '' });
    case 'site':
    case 'defaults':
      return t('site defaults for {kind}', { kind: hostKind(owner ?? '') });
    default:
      return level ?? '';
  }
}

/** tagName gives a tag its present name: tags can be renamed, their ids stay. */
export const tagName = (id: string, tags: Tag[] | null | undefined): string =>
  tags?.find((tag) => tag.id === id)?.name ?? id;

export const tagNames = (ids: string[] | null | undefined, tags: Tag[] | null | undefined): string[] =>
  (ids ?? []).map((id) => tagName(id, tags));

/** selectorName says by what an assignment chooses a version. */
export function selectorName(a: Pick<Assignment, 'version' | 'tag'>, tags: Tag[] | null | undefined): string {
  return a.version
    ? t('exactly {version}', { version: versionOf(a.version) })
    : t('tag {name}', { name: tagName(a.tag ?? '', tags) });
}

/** versionOf reads the version out of a package full name: Name_Version_Architecture_Resource_Publisher. */
export const versionOf = (fullName: string): string => fullName.split('_').at(-4) ?? fullName;

export const registrationName = (registration: string): string =>
  registration === 'onDemand' ? t('when first used') : t('at logon');

/** why says in sentences why a row is in force. */
export function why(row: Row, tags: Tag[] | null | undefined): string[] {
  const said = [
    t('It comes from {level}, by {selector}.', {
      level: levelName(row.level, row.owner),
      selector: selectorName(row.assignment, tags),
    }),
  ];
  if (row.missing) said.push(row.missing);
  if (row.conflict) {
    said.push(
      t('More than one version carries the tag ({versions}); the highest is taken.', {
        versions: (row.candidates ?? []).map(versionOf).join(', '),
      }),
    );
  }
  for (const level of row.overrides ?? [])
    said.push(t('The same family in {level} is not asked: lists replace, they never merge.', { level }));
  said.push(t('Its applications are registered {when}.', { when: registrationName(row.assignment.registration) }));
  return said;
}
