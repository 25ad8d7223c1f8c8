/** Who stands behind an account. Boards show humans unless asked for the others. */
export const ACCOUNT_KINDS = ['human', 'bot', 'agent'] as const;
export type AccountKind = (typeof ACCOUNT_KINDS)[number];

/** A classification and the rule that made it, so that a person can check and override it. */
export interface Classification {
  readonly kind: AccountKind;
  /** `agent:list`, `type:Bot`, `suffix:[bot]`, `bot:list`, `pattern:-bot`; null for a human, whom no rule found. */
  readonly rule: string | null;
}

/** AI coding agents that act under an account of their own (without the `[bot]` suffix). Source: the accounts' own profile pages. */
const AGENTS: ReadonlySet<string> = new Set([
  'copilot',
  'copilot-swe-agent',
  'copilot-pull-request-reviewer',
  'github-copilot',
  'claude',
  'claude-code',
  'anthropic-claude',
  'codex',
  'chatgpt-codex-connector',
  'openai-codex',
  'devin-ai-integration',
  'cursor',
  'cursoragent',
  'cursor-agent',
  'google-labs-jules',
  'gemini-code-assist',
  'gemini-cli',
  'coderabbitai',
  'sweep-ai',
  'openhands-agent',
  'openhands-ai',
  'factory-droid',
  'amazon-q-developer',
  'codegen-sh',
  'kiro-agent',
  'amp-code',
  'lovable-dev',
  'korbit-ai',
  'ellipsis-dev',
  'qodo-merge-pro',
  'greptile-apps',
  'sourcery-ai',
]);

/** Automation that runs under an ordinary account. Source: DevStats' exclude list and the projects' own documentation. */
const BOTS: ReadonlySet<string> = new Set([
  'bors',
  'rust-highfive',
  'rust-timer',
  'rustbot',
  'homu',
  'k8s-ci-robot',
  'k8s-merge-robot',
  'k8s-github-robot',
  'k8s-publishing-bot',
  'googlebot',
  'google-cla',
  'llvmbot',
  'llvm-ci',
  'web-flow',
  'ghost',
  'invalid-email-address',
  'travis-ci',
  'circleci',
  'codecov-io',
  'codecov-commenter',
  'coveralls',
  'houndci-bot',
  'mergify',
  'greenkeeperio-bot',
  'snyk-bot',
  'pyup-bot',
  'dependabot-preview',
  'dependabot',
  'renovate-bot',
  'allcontributors',
  'stale',
  'cla-checker-service',
  'claassistantio',
  'cncf-ci',
  'prowbot',
  'openshift-ci-robot',
  'openshift-merge-robot',
  'openshift-bot',
  'istio-testing',
  'knative-prow-robot',
  'tensorflow-copybara',
  'tensorflower-gardener',
  'pytorchmergebot',
  'pytorchbot',
  'facebook-github-bot',
  'facebook-github-tools',
  'copybara-service',
  'angular-robot',
  'babel-bot',
  'nodejs-github-bot',
  'symfony-splitter',
  'jenkins-infra-bot',
  'apache-hb',
  'asfgit',
  'hadoop-yetus',
  'sparkqa',
  'amplab-jenkins',
  'elasticmachine',
  'kibanamachine',
  'grafanabot',
  'weblate',
  'transifex',
  'imgbot',
  'sonarcloud',
  'lgtm-com',
  'vercel',
  'netlify',
]);

/** A separator must stand before the word: a bare `ci$` would catch 87 % surnames (design/data.md). */
const PATTERNS: readonly (readonly [rule: string, pattern: RegExp])[] = [
  ['pattern:-bot', /[a-z0-9][-_.](?:bot|robot)$/],
  ['pattern:bot-', /^(?:bot|robot)[-_.][a-z0-9]/],
  ['pattern:-ci', /[a-z0-9][-_.](?:ci|cibot|automation|actions|autobot)$/],
  ['pattern:-bot-', /[-_.](?:bot|robot)[-_.]/],
];

/**
 * Classifies an account by its login and the type GitHub gives it (null where the source does not say).
 * Rules, first that fits: AI agents by name, type Bot, the `[bot]` suffix, known bots by name, patterns that need a separator.
 */
export function classify(login: string, type: string | null): Classification {
  const lower = login.toLowerCase();
  const bare = lower.endsWith('[bot]') ? lower.slice(0, -'[bot]'.length) : lower;
  // A person may be called `claude`: a bare first name is an agent only where the account is an app.
  const isApp = type === 'Bot' || bare !== lower;
  if (AGENTS.has(bare) && (isApp || bare.includes('-') || bare === 'copilot' || bare === 'coderabbitai' || bare === 'cursoragent')) {
    return { kind: 'agent', rule: 'agent:list' };
  }
  if (type === 'Bot') return { kind: 'bot', rule: 'type:Bot' };
  if (bare !== lower) return { kind: 'bot', rule: 'suffix:[bot]' };
  if (BOTS.has(lower)) return { kind: 'bot', rule: 'bot:list' };
  const found = PATTERNS.find(([, pattern]) => pattern.test(lower));
  return found === undefined ? { kind: 'human', rule: null } : { kind: 'bot', rule: found[0] };
}
