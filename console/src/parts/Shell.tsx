import {
  Button,
  CounterBadge,
  Link,
  makeStyles,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  Select,
  Spinner,
  Text,
  tokens,
} from '@fluentui/react-components';
import {
  ClipboardTaskListLtrRegular,
  DismissRegular,
  KeyboardRegular,
  NavigationRegular,
  SearchRegular,
  SignOutRegular,
} from '@fluentui/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useCallback, useEffect, useState, type SubmitEvent } from 'react';
import { useEvents, useLive } from '../api/live';
import { bestRole, useAsk, useSite, useSites, useWho } from '../api/queries';
import { useSession } from '../api/session';
import { t, tn } from '../text/t';
import { useShortcut } from './Action';
import { Command } from './Command';
import { ErrorNotice } from './ErrorNotice';
import { Keys } from './Keys';
import { Navigation } from './Navigation';
import { hush, useNotice } from './notices';
import { Empty } from './Page';
import { narrow, useLayout } from './styles';
import { choices, choose, useChoice, type Choice } from './theme';
import { To } from './To';

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
  search: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalXS },
  field: {
    font: 'inherit',
    width: '14rem',
    maxWidth: '60vw',
    padding: '5px 10px',
    color: tokens.colorNeutralForeground1,
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStrokeAccessible}`,
    borderRadius: tokens.borderRadiusMedium,
  },
  user: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalS, marginLeft: 'auto' },
  who: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
  pending: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalXS,
    padding: '5px 10px',
    color: tokens.colorNeutralForeground1,
    textDecoration: 'none',
    '& svg': { fontSize: '20px' },
  },
  body: {
    display: 'grid',
    gridTemplateColumns: '15rem minmax(0, 1fr)',
    [narrow]: { gridTemplateColumns: 'minmax(0, 1fr)', gridTemplateRows: 'auto 1fr' },
  },
  side: { borderRight: line, padding: tokens.spacingVerticalM, [narrow]: { borderRight: 'none', borderBottom: line } },
  closed: { [narrow]: { display: 'none' } },
  burger: { display: 'none', [narrow]: { display: 'inline-flex' } },
  main: {
    padding: tokens.spacingHorizontalXXL,
    minWidth: 0,
    ':focus': { outline: 'none' },
    [narrow]: { padding: tokens.spacingHorizontalL },
  },
  dot: {
    display: 'inline-block',
    width: '8px',
    height: '8px',
    borderRadius: '50%',
    backgroundColor: tokens.colorPaletteGreenForeground1,
  },
  dotAway: { backgroundColor: tokens.colorPaletteRedForeground1 },
  live: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: '6px',
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
  },
  // It is there before it speaks, or it would not be heard; empty, it takes no room.
  notice: { marginBottom: tokens.spacingVerticalL, ':empty': { marginBottom: 0 } },
});

/** Shell is what stands around every page: who you are, which site, where you can go, what was done. */
export function Shell() {
  const styles = useStyles();
  const sites = useSites();
  const [menu, setMenu] = useState(false);
  const [keys, setKeys] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [seen, setSeen] = useState(path);
  if (seen !== path) {
    setSeen(path);
    setMenu(false);
  }
  useEvents(useSite(), useSession().token, useQueryClient());
  useShortcut(
    '?',
    useCallback(() => setKeys(true), []),
  );
  const items = sites.data?.items ?? [];
  return (
    <div className={styles.frame}>
      <Link href="#content" className={styles.skip}>
        {t('Skip to content')}
      </Link>
      <TopBar menu={menu} setMenu={setMenu} help={() => setKeys(true)} />
      <div className={styles.body}>
        <div className={menu ? styles.side : `${styles.side} ${styles.closed}`}>
          <Navigation />
        </div>
        <main id="content" tabIndex={-1} className={styles.main}>
          <Said />
          {/* What was known stays, and the page itself says what is the matter. */}
          {sites.error && !sites.data && <ErrorNotice error={sites.error} />}
          {sites.isPending && !sites.error && <Spinner label={t('Asking the server')} labelPosition="after" />}
          {sites.data && items.length === 0 && <NoSite />}
          {items.length > 0 && <Outlet />}
        </main>
      </div>
      {keys && <Keys close={() => setKeys(false)} />}
    </div>
  );
}

function NoSite() {
  return (
    <Empty title={t('There is no site that you may read')}>
      <Text>{t('Ask an owner for a role in a site, or for a token of one.')}</Text>
      <Command line="berth token create NAME --role reader" />
    </Empty>
  );
}

/** Said says what was done last. */
function Said() {
  const styles = useStyles();
  const notice = useNotice();
  return (
    <div role="status" className={styles.notice}>
      {notice && (
        <MessageBar key={notice.id} intent="success">
          <MessageBarBody>{notice.text}</MessageBarBody>
          <MessageBarActions
            containerAction={
              <Button
                appearance="transparent"
                size="small"
                icon={<DismissRegular />}
                aria-label={t('Dismiss')}
                onClick={hush}
              />
            }
          />
        </MessageBar>
      )}
    </div>
  );
}

function TopBar({ menu, setMenu, help }: { menu: boolean; setMenu: (on: boolean) => void; help: () => void }) {
  const styles = useStyles();
  const { signOut } = useSession();
  const site = useSite();
  const who = useWho().data;
  return (
    <header className={styles.top}>
      <Button
        className={styles.burger}
        appearance="subtle"
        icon={<NavigationRegular />}
        aria-expanded={menu}
        aria-label={t('Pages')}
        onClick={() => setMenu(!menu)}
      />
      <span className={styles.brand}>Berth</span>
      <SiteChoice />
      <SearchField />
      <LiveSign />
      <div className={styles.user}>
        <Pending />
        <ThemeChoice />
        <Button
          appearance="subtle"
          icon={<KeyboardRegular />}
          aria-label={t('Keys (?)')}
          title={t('Keys (?)')}
          onClick={help}
        />
        {who && (
          <Text className={styles.who}>
            {who.name} ({bestRole(who.roles ?? [], site) ?? t('no role here')})
          </Text>
        )}
        <Button appearance="subtle" icon={<SignOutRegular />} onClick={() => signOut()}>
          {t('Sign out')}
        </Button>
      </div>
    </header>
  );
}

/** Pending leads to the changes that hosts do not see yet, with how many there are. */
function Pending() {
  const styles = useStyles();
  const count = useAsk('listChanges', {}).data?.items?.length ?? 0;
  return (
    <To to="/changes" className={styles.pending} title={tn(count, '{n} pending change', '{n} pending changes')}>
      <ClipboardTaskListLtrRegular />
      {t('Pending')}
      <CounterBadge
        count={count}
        showZero
        size="small"
        color={count > 0 ? 'important' : 'informative'}
        appearance="filled"
      />
    </To>
  );
}

const themes: Record<Choice, string> = {
  system: t('System theme'),
  light: t('Light'),
  dark: t('Dark'),
  contrast: t('High contrast'),
};

function ThemeChoice() {
  const chosen = useChoice();
  return (
    <Select
      aria-label={t('Theme')}
      value={chosen}
      onChange={(_, { value }) => choose(choices.find((c) => c === value) ?? 'system')}
    >
      {choices.map((c) => (
        <option key={c} value={c}>
          {themes[c]}
        </option>
      ))}
    </Select>
  );
}

/** SearchField looks in packages and hosts. The key / leads to it, or to the search of the page where there is one. */
function SearchField() {
  const styles = useStyles();
  const layout = useLayout();
  const navigate = useNavigate();
  const [text, setText] = useState('');
  useShortcut(
    '/',
    useCallback(() => {
      const field =
        document.querySelector<HTMLElement>('input[data-search=page]') ?? document.getElementById('search-all');
      field?.focus();
    }, []),
  );
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (text.trim() !== '') void navigate({ to: '/search', search: { search: text.trim() } });
  };
  return (
    <form role="search" className={styles.search} onSubmit={submit}>
      <label htmlFor="search-all" className={layout.hidden}>
        {t('Search packages and hosts')}
      </label>
      <input
        id="search-all"
        type="search"
        className={styles.field}
        placeholder={t('Search packages and hosts')}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Button type="submit" appearance="subtle" icon={<SearchRegular />} aria-label={t('Search')} />
    </form>
  );
}

/** LiveSign says whether the page follows by itself. */
function LiveSign() {
  const styles = useStyles();
  const live = useLive();
  // What is only slow is not worth a word; what stays away is.
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (live !== 'away') return undefined;
    const timer = setTimeout(() => setLate(true), 1_500);
    return () => {
      clearTimeout(timer);
      setLate(false);
    };
  }, [live]);
  const away = live === 'away' && late;
  return (
    <span role="status" className={styles.live}>
      {(live === 'live' || away) && (
        <>
          <span aria-hidden className={away ? `${styles.dot} ${styles.dotAway}` : styles.dot} />
          {away ? t('No connection; trying again') : t('Live')}
        </>
      )}
    </span>
  );
}

/** SiteChoice is a choice only where there is one. */
function SiteChoice() {
  const sites = useSites().data?.items ?? [];
  const site = useSite();
  const navigate = useNavigate();
  if (sites.length === 0) return null;
  if (sites.length === 1) return <Text>{t('Site {site}', { site })}</Text>;
  return (
    <Select
      aria-label={t('Site')}
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
