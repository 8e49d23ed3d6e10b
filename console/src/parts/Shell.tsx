import {
  Badge,
  Button,
  Link,
  makeStyles,
  mergeClasses,
  Select,
  Spinner,
  Text,
  tokens,
} from '@fluentui/react-components';
import {
  BoxRegular,
  ClipboardTaskListLtrRegular,
  HistoryRegular,
  HomeRegular,
  ServerRegular,
  SignOutRegular,
} from '@fluentui/react-icons';
import { Link as RouterLink, Outlet, useNavigate } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { useChanges, useSite, useSites, useWho } from '../api/queries';
import { useSession } from '../api/session';
import { Command } from './Command';
import { ErrorNotice } from './ErrorNotice';
import { Empty } from './Page';

const narrow = '@media (max-width: 760px)';
const line = `1px solid ${tokens.colorNeutralStroke2}`;

const useStyles = makeStyles({
  frame: { minHeight: '100vh', display: 'grid', gridTemplateRows: 'auto 1fr', gridTemplateColumns: 'minmax(0, 1fr)' },
  skip: {
    position: 'absolute',
    left: '-999rem',
    ':focus': {
      left: tokens.spacingHorizontalM,
      top: tokens.spacingVerticalM,
      zIndex: 10,
      padding: tokens.spacingHorizontalS,
    },
    backgroundColor: tokens.colorNeutralBackground1,
  },
  top: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    borderBottom: line,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  brand: { fontSize: tokens.fontSizeBase400, fontWeight: tokens.fontWeightSemibold },
  user: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalS, marginLeft: 'auto' },
  who: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
  body: {
    display: 'grid',
    gridTemplateColumns: '16rem minmax(0, 1fr)',
    [narrow]: { gridTemplateColumns: 'minmax(0, 1fr)', gridTemplateRows: 'auto 1fr' },
  },
  nav: {
    borderRight: line,
    padding: tokens.spacingVerticalM,
    [narrow]: { borderRight: 'none', borderBottom: line, padding: tokens.spacingVerticalXS },
  },
  list: { listStyle: 'none', margin: 0, padding: 0, [narrow]: { display: 'flex', flexWrap: 'wrap' } },
  item: {
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground2,
    textDecoration: 'none',
    whiteSpace: 'nowrap',
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
    '& svg': { fontSize: '20px', flexShrink: 0 },
  },
  here: {
    backgroundColor: tokens.colorNeutralBackground1Selected,
    color: tokens.colorNeutralForeground1,
    fontWeight: tokens.fontWeightSemibold,
    boxShadow: `inset 3px 0 0 ${tokens.colorCompoundBrandStroke}`,
  },
  main: { padding: tokens.spacingHorizontalXXL, minWidth: 0, [narrow]: { padding: tokens.spacingHorizontalL } },
});

const rooms: { to: '/' | '/packages' | '/hosts' | '/changes' | '/audit'; name: string; icon: ReactElement }[] = [
  { to: '/', name: 'Overview', icon: <HomeRegular /> },
  { to: '/packages', name: 'Packages', icon: <BoxRegular /> },
  { to: '/hosts', name: 'Hosts', icon: <ServerRegular /> },
  { to: '/changes', name: 'Pending changes', icon: <ClipboardTaskListLtrRegular /> },
  { to: '/audit', name: 'Audit', icon: <HistoryRegular /> },
];

/** Shell is what stands around every page: who you are, which site, where you can go. */
export function Shell() {
  const styles = useStyles();
  const sites = useSites();
  return (
    <div className={styles.frame}>
      <Link href="#content" className={styles.skip}>
        Skip to content
      </Link>
      <TopBar />
      <div className={styles.body}>
        <Navigation />
        <main id="content" tabIndex={-1} className={styles.main}>
          {sites.error && <ErrorNotice error={sites.error} />}
          {sites.isPending && !sites.error && <Spinner label="Asking the server" labelPosition="after" />}
          {sites.data?.items.length === 0 && <NoSite />}
          {sites.data && sites.data.items.length > 0 && <Outlet />}
        </main>
      </div>
    </div>
  );
}

function NoSite() {
  return (
    <Empty title="There is no site that you may read">
      <Text>Ask an owner for a token of a site.</Text>
      <Command line="berth token create NAME --role reader" />
    </Empty>
  );
}

function TopBar() {
  const styles = useStyles();
  const { signOut } = useSession();
  const who = useWho().data;
  return (
    <header className={styles.top}>
      <span className={styles.brand}>Berth</span>
      <SiteChoice />
      <div className={styles.user}>
        {who && (
          <Text className={styles.who}>
            {who.name} ({who.role})
          </Text>
        )}
        <Button appearance="subtle" icon={<SignOutRegular />} onClick={() => signOut()}>
          Sign out
        </Button>
      </div>
    </header>
  );
}

/** SiteChoice is a choice only where there is one. */
function SiteChoice() {
  const sites = useSites().data?.items ?? [];
  const site = useSite();
  const navigate = useNavigate();
  if (sites.length === 0) return null;
  if (sites.length === 1) return <Text>Site {site}</Text>;
  return (
    <Select
      aria-label="Site"
      value={site}
      // Filters name things of the site that is left behind, so they go.
      onChange={(_, data) => void navigate({ to: '.', search: { site: data.value } })}
    >
      {sites.map(({ name }) => (
        <option key={name}>{name}</option>
      ))}
    </Select>
  );
}

function Navigation() {
  const styles = useStyles();
  const pending = useChanges().data?.items.length ?? 0;
  return (
    <nav aria-label="Pages" className={styles.nav}>
      <ul className={styles.list}>
        {rooms.map(({ to, name, icon }) => (
          <li key={to}>
            <RouterLink
              to={to}
              className={styles.item}
              activeOptions={{ exact: to === '/', includeSearch: false }}
              activeProps={{ className: mergeClasses(styles.item, styles.here), 'aria-current': 'page' }}
            >
              {icon}
              {name}
              {to === '/changes' && pending > 0 && (
                <Badge color="warning" appearance="tint" aria-label={`${pending} waiting`}>
                  {pending}
                </Badge>
              )}
            </RouterLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}
