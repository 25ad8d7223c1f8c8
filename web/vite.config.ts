import { brotliCompressSync, gzipSync } from 'node:zlib';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig, type Plugin } from 'vite';
import { CONTRACT } from '../src/api/contract.ts';

const ENDPOINTS = 'virtual:endpoints';

/** The method and path of every endpoint, out of the API's contract: its schemas stay on the server, their types are all the page needs. */
function endpoints(): Plugin {
  return {
    name: 'laurels-endpoints',
    resolveId: (id) => (id === ENDPOINTS ? `\0${ENDPOINTS}` : undefined),
    load(id) {
      if (id !== `\0${ENDPOINTS}`) return undefined;
      const table = Object.fromEntries(Object.entries(CONTRACT).map(([name, { method, path }]) => [name, [method, path]]));
      return `export default ${JSON.stringify(table)};`;
    },
  };
}

/** A compressed copy beside every text file: the server sends it as it is. */
function compressedCopies(): Plugin {
  return {
    name: 'laurels-compressed-copies',
    apply: 'build',
    generateBundle: {
      // Last: Vite itself still writes into the chunks here, and the copies must be of what is served.
      order: 'post',
      handler(_, bundle) {
        for (const file of Object.values(bundle)) {
          const source = file.type === 'chunk' ? file.code : file.source;
          if (!/\.(?:js|css|svg)$/.test(file.fileName) || source.length < 1_024) continue;
          this.emitFile({ type: 'asset', fileName: `${file.fileName}.gz`, source: gzipSync(source, { level: 9 }) });
          this.emitFile({ type: 'asset', fileName: `${file.fileName}.br`, source: brotliCompressSync(source) });
        }
      },
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  base: '/dashboard/',
  plugins: [tailwindcss(), endpoints(), compressedCopies()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    // An inlined image would need `data:` in the content security policy.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // React's packages mark what runs in a browser; all of this does.
    rolldownOptions: { onLog: (level, log, handle) => (log.code === 'MODULE_LEVEL_DIRECTIVE' ? undefined : handle(level, log)) },
  },
  server: {
    proxy: {
      '^/(api|avatars|badges|healthz|readyz|docs)': 'http://127.0.0.1:8000',
      '/dashboard/ws': { target: 'ws://127.0.0.1:8000', ws: true },
    },
  },
});
