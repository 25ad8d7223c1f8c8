import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { installedNode, isCurrent } from '../../src/cli/current-node.ts';

test.each([
  ['24.0.0', true],
  ['25.1.0', true],
  ['100.0.0', true],
  ['23.11.0', false],
  ['22.18.0', false],
])('Node %s runs Laurels: %s', (version, runs) => {
  expect(isCurrent(version)).toBe(runs);
});

test('npm install brings a Node that runs Laurels', () => {
  const node = installedNode(fileURLToPath(new URL('../../node_modules/', import.meta.url)));
  expect(node).not.toBeNull();
  expect(isCurrent(execFileSync(node as string, ['-p', 'process.versions.node'], { encoding: 'utf8' }))).toBe(true);
});

test('where nothing is installed there is none', () => {
  expect(installedNode('/nonexistent/')).toBeNull();
});
