import { Text } from '@fluentui/react-components';
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
  retainSearchParams,
} from '@tanstack/react-router';
import { packageSearch, siteSearch, statusSearch } from './logic/search';
import { Overview } from './pages/Overview';
import { ErrorNotice } from './parts/ErrorNotice';
import { Empty, Page } from './parts/Page';
import { Shell } from './parts/Shell';

const root = createRootRoute({
  component: Shell,
  validateSearch: siteSearch,
  search: { middlewares: [retainSearchParams(['site'])] },
  notFoundComponent: NotFound,
  errorComponent: ({ error }) => <ErrorNotice error={error} />,
});

function NotFound() {
  return (
    <Page title="No such page">
      <Empty title="This address leads nowhere">
        <Text>
          Begin at the <Link to="/">overview</Link>.
        </Text>
      </Empty>
    </Page>
  );
}

// The first page comes with the program, the others when they are first wanted.
const routes = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/', validateSearch: statusSearch, component: Overview }),
  createRoute({
    getParentRoute: () => root,
    path: '/packages',
    validateSearch: packageSearch,
    component: lazyRouteComponent(() => import('./pages/Packages'), 'Packages'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/hosts',
    component: lazyRouteComponent(() => import('./pages/Hosts'), 'Hosts'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/changes',
    component: lazyRouteComponent(() => import('./pages/Changes'), 'Changes'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audit',
    component: lazyRouteComponent(() => import('./pages/Audit'), 'Audit'),
  }),
]);

export const router = createRouter({ routeTree: routes, defaultPreload: 'intent' });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
