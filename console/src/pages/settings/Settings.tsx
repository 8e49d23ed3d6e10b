import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Page } from '../../parts/Page';
import { narrow } from '../../parts/styles';
import { t } from '../../text/t';
import { About } from './About';
import { Agents } from './Agents';
import { Copies } from './Copies';
import { Deadline } from './Deadline';
import { Features, Provisioning } from './Features';
import { Shares } from './Shares';
import { TagNames } from './TagNames';
import { Tokens } from './Tokens';
import { Users } from './Users';

const useStyles = makeStyles({
  body: {
    display: 'grid',
    gridTemplateColumns: '14rem minmax(0, 1fr)',
    gap: tokens.spacingHorizontalXXL,
    [narrow]: { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  list: { listStyle: 'none', margin: 0, padding: 0, [narrow]: { display: 'flex', flexWrap: 'wrap' } },
  item: {
    display: 'block',
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground2,
    textDecoration: 'none',
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover, color: tokens.colorNeutralForeground1Hover },
  },
  here: {
    backgroundColor: tokens.colorNeutralBackground1Selected,
    color: tokens.colorNeutralForeground1Selected,
    fontWeight: tokens.fontWeightSemibold,
  },
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL, minWidth: 0 },
});

const rooms: { id: string; name: string; lead: string; content: () => ReactNode }[] = [
  { id: 'features', name: t('Application packages'), lead: t('The feature as a whole.'), content: () => <Features /> },
  {
    id: 'deadline',
    name: t('Disabling'),
    lead: t('What happens to packages that hosts should no longer have while sessions use them.'),
    content: () => <Deadline />,
  },
  {
    id: 'tags',
    name: t('Version tags'),
    lead: t('The three tags. They can be renamed, not added and not removed.'),
    content: () => <TagNames />,
  },
  {
    id: 'certificates',
    name: t('Certificate provisioning'),
    lead: t('How hosts come to trust the signers of packages.'),
    content: () => <Provisioning />,
  },
  {
    id: 'copies',
    name: t('Copies and verification'),
    lead: t('What hosts keep of images, and how much of packages they check.'),
    content: () => <Copies />,
  },
  { id: 'shares', name: t('Shares'), lead: t('Where images may lie.'), content: () => <Shares /> },
  {
    id: 'agents',
    name: t('Agents and enrolment keys'),
    lead: t('How session hosts come into the site.'),
    content: () => <Agents />,
  },
  { id: 'users', name: t('Users and roles'), lead: t('Who may read, change and own sites.'), content: () => <Users /> },
  { id: 'tokens', name: t('API tokens and clients'), lead: t('How programs sign in.'), content: () => <Tokens /> },
  { id: 'about', name: t('About'), lead: t('The server itself.'), content: () => <About /> },
];

/** Settings are those of the site and of the farm, each on a page of its own. */
export function Settings() {
  const s = useStyles();
  const { id } = useParams({ strict: false });
  const room = rooms.find((r) => r.id === id) ?? rooms[0];
  return (
    <Page title={t('Settings: {name}', { name: room?.name ?? '' })} lead={room?.lead}>
      <div className={s.body}>
        <nav aria-label={t('Settings')}>
          <ul className={s.list}>
            {rooms.map((r) => (
              <li key={r.id}>
                <Link
                  to="/settings/$id"
                  params={{ id: r.id }}
                  className={mergeClasses(s.item, r === room && s.here)}
                  aria-current={r === room ? 'page' : undefined}
                >
                  {r.name}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className={s.content}>{room?.content()}</div>
      </div>
    </Page>
  );
}
