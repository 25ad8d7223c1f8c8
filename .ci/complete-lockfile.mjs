// npm ci refuses a lockfile that lacks entries of optional packages, and npm install leaves out those a registry does not
// have (builds for other platforms). This adds them, by name and version; they are installed only where their platform fits.
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
const OS = ['darwin', 'win32', 'linux', 'android', 'freebsd', 'openharmony'];
const CPU = ['wasm32', 'arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x', 'loong64'];
const LIBC = { musl: 'musl', gnu: 'glibc', musleabihf: 'musl', gnueabihf: 'glibc' };

const added = [];
for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] !== undefined || !/^\d/.test(version)) continue;
    const words = name.split(/[/-]/);
    const os = OS.find((word) => words.includes(word));
    const cpu = CPU.find((word) => words.includes(word));
    // WebAssembly runs under any system.
    if (cpu === undefined || (os === undefined && cpu !== 'wasm32')) continue;
    const libc = words.map((word) => LIBC[word]).find((word) => word !== undefined);
    lock.packages[key] = {
      version,
      cpu: [cpu],
      ...(parent.dev === true ? { dev: true } : {}),
      ...(os === 'linux' && libc !== undefined ? { libc: [libc] } : {}),
      optional: true,
      ...(os === undefined ? {} : { os: [os] }),
    };
    added.push(`${name}@${version}`);
  }
}
const [root, ...rest] = Object.entries(lock.packages);
lock.packages = Object.fromEntries([root, ...rest.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))]);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added.length} optional packages added to package-lock.json`);
