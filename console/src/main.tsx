import { createDOMRenderer, FluentProvider, RendererProvider } from '@fluentui/react-components';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { newQueryClient } from './api/queries';
import { SessionProvider, useSession } from './api/session';
import './base.css';
import { SignIn } from './pages/SignIn';
import { useTheme } from './parts/theme';
import { router } from './router';

// Fluent UI writes its styles into elements of its own; the policy lets them through by the nonce of this answer.
const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce;
const renderer = createDOMRenderer(document, { styleElementAttributes: nonce ? { nonce } : {} });
const queries = newQueryClient();

function Console() {
  // Signing in is no address of its own: who follows a link signs in and is where the link leads.
  return useSession().token === '' ? <SignIn /> : <RouterProvider router={router} />;
}

function App() {
  return (
    <RendererProvider renderer={renderer} targetDocument={document}>
      <FluentProvider theme={useTheme()}>
        <QueryClientProvider client={queries}>
          <SessionProvider>
            <Console />
          </SessionProvider>
        </QueryClientProvider>
      </FluentProvider>
    </RendererProvider>
  );
}

const place = document.getElementById('root');
if (place) {
  createRoot(place).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
