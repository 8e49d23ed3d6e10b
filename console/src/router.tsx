import { Text } from '@fluentui/react-components';
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from '@tanstack/react-router';
import { readSearch } from './logic/search';
import { Overview } from './pages/Overview';
import { ErrorNotice } from './parts/ErrorNotice';
import { Empty, Page } from './parts/Page';
import { Shell } from './parts/Shell';
import { To } from './parts/To';
import { t } from './text/t';

const root = createRootRoute({
  component: Shell,
  validateSearch: readSearch,
  search: { middlewares: [retainSearchParams(['site'])] },
  notFoundComponent: NotFound,
  errorComponent: ({ error }) => <ErrorNotice error={error} />,
});

function NotFound() {
  return (
    <Page title={t('No such page')}>
      <Empty title={t('This address leads nowhere')}>
        <Text>
          <To to="/">{t('Begin at the overview')}</To>
        </Text>
      </Empty>
    </Page>
  );
}

const getParentRoute = () => root;
const library = () => import('./pages/Library');
const farm = () => import('./pages/Farm');
const settings = () => import('./pages/settings/Settings');

// The first page comes with the program, the others when they are first wanted.
const routes = root.addChildren([
  createRoute({ getParentRoute, path: '/', component: Overview }),
  createRoute({
    getParentRoute,
    path: '/matrix',
    component: lazyRouteComponent(() => import('./pages/Matrix'), 'Matrix'),
  }),
  createRoute({
    getParentRoute,
    path: '/packages',
    component: lazyRouteComponent(() => import('./pages/Packages'), 'Packages'),
  }),
  createRoute({
    getParentRoute,
    path: '/packages/add',
    component: lazyRouteComponent(() => import('./pages/AddPackage'), 'AddPackage'),
  }),
  createRoute({
    getParentRoute,
    path: '/packages/$id',
    component: lazyRouteComponent(() => import('./pages/Package'), 'Package'),
  }),
  createRoute({ getParentRoute, path: '/hosts', component: lazyRouteComponent(farm, 'Hosts') }),
  createRoute({
    getParentRoute,
    path: '/hosts/$id',
    component: lazyRouteComponent(() => import('./pages/Host'), 'Host'),
  }),
  createRoute({ getParentRoute, path: '/groups', component: lazyRouteComponent(farm, 'Groups') }),
  createRoute({
    getParentRoute,
    path: '/groups/$id',
    component: lazyRouteComponent(() => import('./pages/Pool'), 'Pool'),
  }),
  createRoute({ getParentRoute, path: '/pools', component: lazyRouteComponent(farm, 'Pools') }),
  createRoute({
    getParentRoute,
    path: '/pools/$id',
    component: lazyRouteComponent(() => import('./pages/Pool'), 'Pool'),
  }),
  createRoute({
    getParentRoute,
    path: '/defaults',
    component: lazyRouteComponent(() => import('./pages/Defaults'), 'Defaults'),
  }),
  createRoute({
    getParentRoute,
    path: '/published',
    component: lazyRouteComponent(() => import('./pages/Published'), 'Published'),
  }),
  createRoute({
    getParentRoute,
    path: '/certificates',
    component: lazyRouteComponent(() => import('./pages/Certificates'), 'Certificates'),
  }),
  createRoute({
    getParentRoute,
    path: '/certificates/$id',
    component: lazyRouteComponent(() => import('./pages/Certificates'), 'Certificate'),
  }),
  createRoute({
    getParentRoute,
    path: '/changes',
    component: lazyRouteComponent(() => import('./pages/Changes'), 'Changes'),
  }),
  createRoute({
    getParentRoute,
    path: '/audit',
    component: lazyRouteComponent(() => import('./pages/Audit'), 'Audit'),
  }),
  createRoute({ getParentRoute, path: '/images', component: lazyRouteComponent(library, 'Images') }),
  createRoute({ getParentRoute, path: '/tasks', component: lazyRouteComponent(library, 'Tasks') }),
  createRoute({
    getParentRoute,
    path: '/search',
    component: lazyRouteComponent(() => import('./pages/SearchAll'), 'SearchAll'),
  }),
  createRoute({ getParentRoute, path: '/settings', component: lazyRouteComponent(settings, 'Settings') }),
  createRoute({ getParentRoute, path: '/settings/$id', component: lazyRouteComponent(settings, 'Settings') }),
  createRoute({
    getParentRoute,
    path: '/setup',
    component: lazyRouteComponent(() => import('./pages/Setup'), 'Setup'),
  }),
]);

export const router = createRouter({ routeTree: routes, defaultPreload: 'intent' });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
