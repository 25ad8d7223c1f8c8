import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { RequestHandler } from 'express';
import { CONTRACT } from './contract.ts';
import { entityTagOf, isCurrent } from './entity-tag.ts';

/** Where the page is. */
const DOCS = '/docs';

interface File {
  readonly type: string;
  readonly content: Buffer | string;
  readonly tag: string;
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Laurels API</title>
<link rel="stylesheet" href="${DOCS}/swagger-ui.css">
<link rel="icon" href="${DOCS}/favicon-32x32.png">
<body>
<div id="docs"></div>
<script src="${DOCS}/swagger-ui-bundle.js"></script>
<script src="${DOCS}/start.js"></script>
`;

const START = `SwaggerUIBundle({ url: '${CONTRACT.getOpenApi.path}', dom_id: '#docs', deepLinking: true, docExpansion: 'list', validatorUrl: null });\n`;

const IMAGE_TYPES: Readonly<Record<string, string>> = { 'svg+xml': 'svg', png: 'png', jpeg: 'jpg', gif: 'gif' };

/**
 * Swagger UI's style sheet holds its pictures as data: URLs, which the policy of every page here forbids. They become files beside it.
 */
function withImagesApart(css: string): { readonly css: string; readonly images: ReadonlyMap<string, File> } {
  const images = new Map<string, File>();
  const apart = css.replaceAll(
    /url\((["']?)data:image\/([a-z+]+)(?:;charset=utf-8)?(;base64)?,((?:\\.|(?!\1\)).)*)\1\)/gs,
    (_, __, kind: string, base64: string | undefined, data: string) => {
      const plain = data.replaceAll(/\\(.)/gs, '$1');
      const content = base64 === undefined ? (plain.includes('<') ? plain : decodeURIComponent(plain)) : Buffer.from(plain, 'base64');
      const name = `image-${images.size + 1}.${IMAGE_TYPES[kind] ?? 'bin'}`;
      images.set(`${DOCS}/${name}`, fileOf(`image/${kind}`, content));
      return `url("${DOCS}/${name}")`;
    },
  );
  return { css: apart, images };
}

function fileOf(type: string, content: Buffer | string): File {
  return { type, content, tag: entityTagOf(content.toString('latin1')) };
}

async function loadFiles(): Promise<ReadonlyMap<string, File>> {
  const require = createRequire(import.meta.url);
  const directory = dirname(require.resolve('swagger-ui-dist/package.json'));
  const [style, bundle, icon] = await Promise.all([
    readFile(join(directory, 'swagger-ui.css'), 'utf8'),
    readFile(join(directory, 'swagger-ui-bundle.js')),
    readFile(join(directory, 'favicon-32x32.png')),
  ]);
  const { css, images } = withImagesApart(style.replace(/\/\*# sourceMappingURL=.*\*\//, ''));
  return new Map([
    [DOCS, fileOf('text/html', PAGE)],
    [`${DOCS}/start.js`, fileOf('text/javascript', START)],
    [`${DOCS}/swagger-ui.css`, fileOf('text/css', css)],
    [`${DOCS}/swagger-ui-bundle.js`, fileOf('text/javascript', bundle)],
    [`${DOCS}/favicon-32x32.png`, fileOf('image/png', icon)],
    ...images,
  ]);
}

/** Shows the description of the API to people: Swagger UI, from files of this server, under the policy of all its pages. */
export function createDocsPage(): RequestHandler {
  // Read when the first one looks, and kept: they never change while the server runs.
  let files: Promise<ReadonlyMap<string, File>> | null = null;
  return async (request, response, next) => {
    const isOurs = request.path === DOCS || request.path.startsWith(`${DOCS}/`);
    if (!isOurs || (request.method !== 'GET' && request.method !== 'HEAD')) {
      next();
      return;
    }
    files ??= loadFiles();
    const file = (await files).get(request.path === `${DOCS}/` ? DOCS : request.path);
    if (file === undefined) {
      next();
      return;
    }
    response.set({ ETag: file.tag, 'Cache-Control': 'no-cache' });
    if (isCurrent(request, file.tag)) response.status(304).end();
    else response.type(file.type).send(file.content);
  };
}
