import type { Account } from '../src/domain/contribution.ts';
import type { Random } from './random.ts';

/** What somebody mostly does in a project. */
type Role = 'maintainer' | 'regular' | 'reviewer' | 'triager' | 'visitor' | 'dependency-bot' | 'ci-bot' | 'agent';

/** Somebody invented: no account of GitHub has a negative id, and no login of a person here looks like one's own. */
export interface Person {
  readonly account: Account & { readonly githubId: number };
  readonly role: Role;
  /** Names of the repositories they work on, the first one most. */
  readonly repositories: readonly string[];
  /** How busy: 1 is usual for the role. */
  readonly energy: number;
  /** First and last day of activity, counted from the first day of the sample; newcomers begin late, leavers end early. */
  readonly from: number;
  readonly to: number;
}

const FIRST_NAMES = (
  'ada alba amir anouk aria bela bruno carmen cleo dario dilan elif emre enzo fadi femi freya gita goran hana hugo ida ilya ines ' +
  'ivo jana jiro juno kofi lena liam lior luca maja malik mara milo mira nadia nils noor olga omar otto petra priya quinn rafa rosa ' +
  'sami selma sven tariq tove uma vera viktor wanda yara yusuf zora'
).split(' ');

const MAINTAINERS = 4;
const SHARES: readonly (readonly [Role, number])[] = [
  ['maintainer', MAINTAINERS],
  ['regular', 14],
  ['reviewer', 5],
  ['triager', 5],
  ['visitor', FIRST_NAMES.length - MAINTAINERS - 24],
];

/** Everybody of the sample: about sixty people, two bots and an AI agent. */
export function inventPeople(random: Random, repositories: readonly string[], days: number): readonly Person[] {
  const roles = SHARES.flatMap(([role, count]) => Array.from({ length: count }, () => role));
  const people = FIRST_NAMES.map((name, index): Person => {
    const role = roles[index] as Role;
    const home = repositories[index % repositories.length] as string;
    const others = repositories.filter((repository) => repository !== home && random.chance(role === 'visitor' ? 0.1 : 0.45));
    const comesLate = role !== 'maintainer' && random.chance(0.45);
    const leaves = role !== 'maintainer' && random.chance(0.35);
    const from = comesLate ? random.whole(30, days - 45) : 0;
    return {
      account: { githubId: -(1001 + index), login: `${name}-sample`, type: 'User' },
      role,
      repositories: [home, ...others],
      energy: random.skewed(1, 0.5),
      from,
      to: leaves ? random.whole(Math.min(from + 40, days - 1), days - 1) : days - 1,
    };
  });
  const machine = (index: number, login: string, role: Role, from: number): Person => ({
    account: { githubId: -(2001 + index), login, type: 'Bot' },
    role,
    repositories,
    energy: 1,
    from,
    to: days - 1,
  });
  return [
    ...people,
    machine(0, 'sample-dependencies[bot]', 'dependency-bot', 0),
    machine(1, 'sample-ci[bot]', 'ci-bot', 0),
    // An agent is told by its name, so this one bears a name from the list of src/domain/account-kind.ts.
    machine(2, 'openhands-agent[bot]', 'agent', Math.round(days * 0.6)),
  ];
}
