import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import {
  AppsListRegular,
  BoxRegular,
  CertificateRegular,
  ClipboardTaskListLtrRegular,
  DesktopRegular,
  GridRegular,
  HardDriveRegular,
  HistoryRegular,
  HomeRegular,
  OptionsRegular,
  PeopleTeamRegular,
  ServerRegular,
  SettingsRegular,
  TaskListSquareLtrRegular,
} from '@fluentui/react-icons';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { t } from '../text/t';

const useStyles = makeStyles({
  list: { listStyle: 'none', margin: 0, padding: 0 },
  group: {
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground3,
    margin: `${tokens.spacingVerticalM} 0 ${tokens.spacingVerticalXS} ${tokens.spacingHorizontalM}`,
  },
  item: {
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalM}`,
    minHeight: '24px',
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground2,
    textDecoration: 'none',
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover, color: tokens.colorNeutralForeground1Hover },
    '& svg': { fontSize: '20px', flexShrink: 0 },
  },
  here: {
    backgroundColor: tokens.colorNeutralBackground1Selected,
    color: tokens.colorNeutralForeground1Selected,
    fontWeight: tokens.fontWeightSemibold,
    boxShadow: `inset 3px 0 0 ${tokens.colorCompoundBrandStroke}`,
  },
});

interface Room {
  to:
    | '/'
    | '/matrix'
    | '/packages'
    | '/images'
    | '/published'
    | '/certificates'
    | '/hosts'
    | '/groups'
    | '/pools'
    | '/defaults'
    | '/changes'
    | '/audit'
    | '/tasks'
    | '/settings';
  name: string;
  icon: ReactElement;
}

const rooms: { group?: string; rooms: Room[] }[] = [
  {
    rooms: [
      { to: '/', name: t('Overview'), icon: <HomeRegular /> },
      { to: '/matrix', name: t('Packages on hosts'), icon: <GridRegular /> },
    ],
  },
  {
    group: t('Applications'),
    rooms: [
      { to: '/packages', name: t('Application packages'), icon: <BoxRegular /> },
      { to: '/images', name: t('Images'), icon: <HardDriveRegular /> },
      { to: '/published', name: t('Published resources'), icon: <AppsListRegular /> },
      { to: '/certificates', name: t('Certificates'), icon: <CertificateRegular /> },
    ],
  },
  {
    group: t('Session hosts'),
    rooms: [
      { to: '/hosts', name: t('Hosts'), icon: <ServerRegular /> },
      { to: '/groups', name: t('RDSH groups'), icon: <PeopleTeamRegular /> },
      { to: '/pools', name: t('VDI and AVD pools'), icon: <DesktopRegular /> },
      { to: '/defaults', name: t('Site defaults'), icon: <OptionsRegular /> },
    ],
  },
  {
    group: t('Site'),
    rooms: [
      { to: '/changes', name: t('Pending changes'), icon: <ClipboardTaskListLtrRegular /> },
      { to: '/audit', name: t('Settings audit'), icon: <HistoryRegular /> },
      { to: '/tasks', name: t('Tasks'), icon: <TaskListSquareLtrRegular /> },
      { to: '/settings', name: t('Settings'), icon: <SettingsRegular /> },
    ],
  },
];

/** Navigation lists the pages. */
export function Navigation() {
  const styles = useStyles();
  return (
    <nav aria-label={t('Pages')}>
      {rooms.map(({ group, rooms: inside }) => (
        <div key={group ?? ''}>
          {group !== undefined && <div className={styles.group}>{group}</div>}
          <ul className={styles.list} aria-label={group}>
            {inside.map(({ to, name, icon }) => (
              <li key={to}>
                <Link
                  to={to}
                  className={styles.item}
                  activeOptions={{ exact: to === '/', includeSearch: false }}
                  activeProps={{ className: mergeClasses(styles.item, styles.here), 'aria-current': 'page' }}
                >
                  {icon}
                  {name}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
