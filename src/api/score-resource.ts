import type { Person } from '../db/people.ts';
import type { ScoreReceipt } from '../db/score-receipt.ts';
import type { ReceiptLine } from '../domain/receipt.ts';
import { fullNameOf, type RepositoryName } from '../domain/repository-name.ts';
import { numberOf, pointsOf, SCORED, type Cappable } from '../domain/scoring.ts';
import type { Window } from '../domain/window.ts';
import type { ReceiptResource } from './contract/scores.ts';

/** What a receipt is shown with. */
export interface ReceiptView {
  readonly person: Person;
  /** The repository that was asked for; null: all. */
  readonly repository: (RepositoryName & { readonly isSample: boolean }) | null;
  /** The receipt's own address without `repository`. */
  readonly query: Readonly<Record<string, string>>;
  /** `https://github.com`. */
  readonly githubWebUrl: string;
}

/** A receipt as JSON. */
export function receiptResourceOf(receipt: ScoreReceipt, view: ReceiptView): ReceiptResource {
  const { person, repository } = view;
  const { scoring, board } = receipt;
  const { lines, bonus, total } = receipt.receipt;
  const incomplete = new Set(receipt.incomplete);
  return {
    contributor: { github_id: person.githubId, username: person.username, display_name: person.displayName },
    repository: repository === null ? null : fullNameOf(repository),
    window: { ...receipt.window },
    scoring_version: scoring.version,
    total_score: numberOf(total),
    lines: lines
      .filter(({ count }) => count !== 0)
      .map((line) => ({
        kind: line.name,
        description: line.name === 'COMMIT_COAUTHOR' ? 'Commits co-authored' : SCORED[line.name].description,
        count: line.count,
        counted: line.counted,
        daily_cap: scoring.options.dailyCaps[line.name] ?? null,
        points_each: numberOf(line.each),
        points: numberOf(line.points),
        is_incomplete: incomplete.has(line.name),
        links: { contributions: contributionsPath(line, receipt.window, view), github: githubUrls(line.name, receipt.window, view) },
      })),
    line_bonus: {
      lines: bonus.lines.map((line) => ({
        kind: line.name,
        count: line.count,
        points_each: numberOf(line.each),
        points: numberOf(line.points),
        is_incomplete: incomplete.has(line.name),
      })),
      points_before_cap: numberOf(bonus.earned),
      cap: numberOf(scoring.lineBonusCap),
      concave: scoring.options.concaveLines,
      points: numberOf(bonus.points),
    },
    repositories: receipt.repositories.map((one) => ({
      repository: fullNameOf(one.repository),
      total_score: numberOf(one.receipt.total),
      line_bonus: numberOf(one.receipt.bonus.points),
      links: {
        score: `${personPath(person)}/score?${parameters({ repository: fullNameOf(one.repository), ...view.query })}`,
        leaderboard: `/api/v1/leaderboard/${encodeURIComponent(one.repository.owner)}/${encodeURIComponent(one.repository.name)}`,
      },
    })),
    board:
      board === null
        ? null
        : { total_score: numberOf(pointsOf(board.score)), rank: board.rank, is_current: pointsOf(board.score) === total },
  };
}

const personPath = ({ username }: Person): string => `/api/v1/contributors/${encodeURIComponent(username)}`;

/** A slash is allowed in a query and easier to read. */
const parameters = (given: Readonly<Record<string, string>>): string => new URLSearchParams(given).toString().replaceAll('%2F', '/');

function contributionsPath({ name }: ReceiptLine, { since, until }: Window, { person, repository }: ReceiptView): string {
  const filters = { kind: name, ...(repository === null ? {} : { repository: fullNameOf(repository) }), since, until };
  return `${personPath(person)}/activity?${parameters(filters)}`;
}

/**
 * Where GitHub shows the same: by search, where that can tell who and when. It can't for who closed an issue, for single comments of a
 * review, and for co-authors; and not over all our repositories at once.
 */
function githubUrls(kind: Cappable, { since, until }: Window, { person, repository, githubWebUrl }: ReceiptView): string[] {
  if (repository === null || repository.isSample || person.isSample) return [];
  const base = `${githubWebUrl}/${encodeURIComponent(repository.owner)}/${encodeURIComponent(repository.name)}`;
  const days = `${since}..${until}`;
  const search = (page: 'pulls' | 'issues', q: string): string => `${base}/${page}?${new URLSearchParams({ q }).toString()}`;
  const urlOf = (login: string): string | null => {
    switch (kind) {
      case 'COMMIT':
        return `${base}/commits?${new URLSearchParams({ author: login, since, until }).toString()}`;
      case 'PR_OPENED':
        return search('pulls', `is:pr author:${login} created:${days}`);
      case 'PR_MERGED':
        return search('pulls', `is:pr is:merged author:${login} merged:${days}`);
      case 'PR_REVIEWED':
        return search('pulls', `is:pr reviewed-by:${login} -author:${login} updated:>=${since}`);
      case 'ISSUE_OPENED':
        return search('issues', `is:issue author:${login} created:${days}`);
      case 'COMMENT':
        return search('issues', `commenter:${login} updated:>=${since}`);
      default:
        return null;
    }
  };
  const urls = kind === 'RELEASE' ? [`${base}/releases`] : person.accounts.map(({ username }) => urlOf(username));
  return urls.filter((url) => url !== null);
}
