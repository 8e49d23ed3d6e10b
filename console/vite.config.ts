import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  // The server puts a nonce where this stands, another one into every answer (console.go: noncePlace).
  html: { cspNonce: 'BERTH-CSP-NONCE' },
  // Nothing is inlined as data: scripts and styles are files of ours, which is what the policy allows.
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 900 },
  // `npm run dev` beside `berth server`, whose certificate is of its own authority.
  server: { proxy: { '/api': { target: 'https://127.0.0.1:8443', secure: false } } },
});
