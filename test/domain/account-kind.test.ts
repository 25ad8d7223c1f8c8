import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ACCOUNT_KINDS, classify } from '../../src/domain/account-kind.ts';

describe('an account', () => {
  test.each([
    ['dependabot[bot]', 'Bot', 'bot', 'type:Bot'],
    ['dependabot[bot]', null, 'bot', 'suffix:[bot]'],
    ['renovate-bot', null, 'bot', 'bot:list'],
    ['bors', null, 'bot', 'bot:list'],
    ['rust-highfive', 'User', 'bot', 'bot:list'],
    ['k8s-ci-robot', 'User', 'bot', 'bot:list'],
    ['llvmbot', 'User', 'bot', 'bot:list'],
    ['ghost', null, 'bot', 'bot:list'],
    ['acme-bot', null, 'bot', 'pattern:-bot'],
    ['acme_bot', null, 'bot', 'pattern:-bot'],
    ['acme-robot', null, 'bot', 'pattern:-bot'],
    ['bot-acme', null, 'bot', 'pattern:bot-'],
    ['acme-ci', null, 'bot', 'pattern:-ci'],
    ['acme-bot-2', null, 'bot', 'pattern:-bot-'],
    ['Copilot', null, 'agent', 'agent:list'],
    ['Copilot', 'Bot', 'agent', 'agent:list'],
    ['copilot-swe-agent[bot]', 'Bot', 'agent', 'agent:list'],
    ['claude[bot]', 'Bot', 'agent', 'agent:list'],
    ['devin-ai-integration[bot]', null, 'agent', 'agent:list'],
    ['coderabbitai[bot]', 'Bot', 'agent', 'agent:list'],
    ['DEPENDABOT[BOT]', null, 'bot', 'suffix:[bot]'],
  ] as const)('%s (type %s) is a %s by the rule %s', (login, type, kind, rule) => {
    expect(classify(login, type)).toEqual({ kind, rule });
  });

  test.each([
    'abbott',
    'talbot',
    'Marci',
    'lucci',
    'bianci',
    'botond',
    'robotnik',
    'ci',
    'bot',
    'nicci',
    'claude',
    'cursor',
    'codex',
    'a',
    'Ábel',
  ])('%s is a person: a bare ending proves nothing', (login) => {
    expect(classify(login, 'User')).toEqual({ kind: 'human', rule: null });
  });

  test('is never judged by the case of its login', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}(\[bot\])?$/), fc.constantFrom('User', 'Bot', null), (login, type) => {
        expect(classify(login.toUpperCase(), type)).toEqual(classify(login.toLowerCase(), type));
      }),
    );
  });

  test('is human exactly when no rule found it, and never when GitHub calls it a bot', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('User', 'Bot', 'Organization', 'Mannequin', null), (login, type) => {
        const { kind, rule } = classify(login, type);
        expect(ACCOUNT_KINDS).toContain(kind);
        expect(kind === 'human').toBe(rule === null);
        if (type === 'Bot' || login.toLowerCase().endsWith('[bot]')) expect(kind).not.toBe('human');
      }),
    );
  });
});
