import type { ActivityRow } from '../db/contributor-activity.ts';
import type { RepositoryStanding, StoredStanding } from '../db/contributor-boards.ts';
import type { Profile, Streak } from '../db/contributor-profile.ts';
import type { Page } from '../db/cursor.ts';
import type { Person } from '../db/people.ts';
import type { ListedContributor } from '../db/search.ts';
import { contributionUrl } from '../domain/contribution-url.ts';
import { linkedinUrlOf } from '../domain/enrichment.ts';
import { publicUrl } from '../domain/public-url.ts';
import { fullNameOf } from '../domain/repository-name.ts';
import type { Window } from '../domain/window.ts';
import type { ActivityResource, ListedContributorResource, ProfileResource } from './contract/contributors.ts';

/** Where a person is in the API. */
function contributorPath(username: string): string {
  return `/api/v1/contributors/${encodeURIComponent(username)}`;
}

/** Somebody as lists name them. */
export function contributorOf(person: Pick<Person, 'githubId' | 'username' | 'displayName' | 'avatarUrl' | 'kind'>) {
  const { githubId, username, displayName, avatarUrl, kind } = person;
  return { github_id: githubId, username, display_name: displayName, avatar_url: avatarUrl, kind };
}

/** A repository as lists about people name it. */
export function repositoryReferenceOf({
  owner,
  name,
  isSample,
}: {
  readonly owner: string;
  readonly name: string;
  readonly isSample: boolean;
}) {
  return { owner, name, full_name: fullNameOf({ owner, name }), is_sample: isSample };
}

/** A person's page as JSON. `window`: that of the boards, or what it will be. */
export function profileResourceOf(
  person: Person,
  o: {
    readonly profile: Profile;
    /** Whether the caller may see an e-mail address that is stored: not everybody may. */
    readonly showsEmail: boolean;
    readonly window: Window;
    readonly standing: StoredStanding | null;
    readonly repositories: Page<RepositoryStanding>;
    readonly streaks: { readonly current: Streak | null; readonly longest: Streak | null };
  },
): ProfileResource {
  const { profile, standing, repositories, streaks } = o;
  const { enrichment } = profile;
  const self = contributorPath(person.username);
  const global = standing?.global ?? null;
  const totalsOf = ({ rank: _rank, of: _of, ...totals }: NonNullable<typeof global>) => totals;
  return {
    ...contributorOf(person),
    kind_rule: person.kindRule,
    kind_overridden: profile.kindOverridden,
    is_sample: person.isSample,
    profile_url: profile.profileUrl,
    company: profile.company,
    location: profile.location,
    accounts: person.accounts.map(({ githubId, username }) => ({ github_id: githubId, username })),
    previous_usernames: profile.previousUsernames,
    window: o.window,
    as_of: standing?.asOf.toISOString() ?? null,
    scoring_version: standing?.scoringVersion ?? null,
    totals: global === null ? null : totalsOf(global),
    ranks: {
      global: global === null ? null : { rank: global.rank, of: global.of, total_score: global.total_score },
      repositories: repositories.data.map(({ repository, rank, of, total_score }) => ({
        repository: { ...repository },
        rank,
        of,
        total_score,
      })),
    },
    streaks,
    enrichment:
      enrichment === null
        ? null
        : {
            status: enrichment.status,
            twitter_username: enrichment.twitterUsername,
            // Checked once more, whoever has written them.
            linkedin_url: linkedinUrlOf(enrichment.linkedinUrl),
            personal_website: publicUrl(enrichment.personalWebsite),
            ...(o.showsEmail ? { personal_email: enrichment.personalEmail } : {}),
            sources: Object.fromEntries(Object.entries(enrichment.sources).filter(([field]) => o.showsEmail || field !== 'personal_email')),
            last_enriched_at: enrichment.lastEnrichedAt?.toISOString() ?? null,
            error: enrichment.error,
          },
    links: {
      self,
      activity: `${self}/activity`,
      repositories: `${self}/repositories`,
      series: `${self}/series`,
      ranks: `${self}/ranks`,
      score: `${self}/score`,
      avatar: `/avatars/${person.githubId}`,
    },
  };
}

/** A contribution as JSON. Invented ones have no link. */
export function activityOf(row: ActivityRow, webUrl: string): ActivityResource {
  return {
    kind: row.kind,
    repository: repositoryReferenceOf(row),
    occurred_at: row.occurredAt.toISOString(),
    number: row.number,
    url: row.isSample ? null : contributionUrl(webUrl, row, row),
    quantity: row.quantity,
    lines_added: row.linesAdded,
    lines_deleted: row.linesDeleted,
    is_estimate: row.isEstimate,
    source: row.source,
  };
}

/** Somebody in a list, as JSON. */
export function listedContributorOf(person: ListedContributor): ListedContributorResource {
  return {
    ...contributorOf(person),
    kind_rule: person.kindRule,
    kind_overridden: person.kindOverridden,
    rank: person.rank,
    total_score: person.totalScore,
    repositories_contributed: person.repositoriesContributed,
    links: { self: contributorPath(person.username) },
  };
}
