import { KIND_CODES } from '../../domain/contribution.ts';

/*
 * What everybody has done, counted from contributions and pull requests alone, in SQL of its own: nothing of the roll-up or of the boards
 * is used, so that a mistake there shows as a difference.
 */

const { COMMIT, COMMIT_COAUTHOR, PR_OPENED, PR_MERGED, PR_REVIEWED } = KIND_CODES;

/** SQL of the persons who have opted out. */
export const HIDDEN = 'SELECT u.person_id FROM opt_out o JOIN github_user u ON u.id = o.user_id';

/**
 * SQL of common table expressions that end with `counted`: a row for everything that counts, with the person it counts for (null: nobody
 * is known), hidden people included.
 */
export const COUNTED = `
  named AS (
    SELECT e.repository_id, e.kind, e.subject, e.number, e.occurred_at, e.quantity, e.lines_added, e.lines_deleted,
      actor.person_id AS actor, author.person_id AS author
    FROM contribution_event e
    LEFT JOIN github_user actor ON actor.id = e.user_id
    LEFT JOIN pull_request p ON p.repository_id = e.repository_id AND p.number = e.number
    LEFT JOIN github_user author ON author.id = p.author_id),
  counted AS (
    SELECT repository_id, kind, occurred_at, quantity, lines_added, lines_deleted,
      CASE kind WHEN ${PR_MERGED} THEN coalesce(author, actor) WHEN ${PR_OPENED} THEN coalesce(actor, author) ELSE actor END AS person_id
    FROM named WHERE kind <> ${PR_REVIEWED} AND kind <> ${COMMIT_COAUTHOR}
    -- One review of a pull request and person, the first; none of one's own.
    UNION ALL
    SELECT repository_id, kind, min(occurred_at), (array_agg(quantity ORDER BY occurred_at))[1],
      (array_agg(lines_added ORDER BY occurred_at))[1], (array_agg(lines_deleted ORDER BY occurred_at))[1], actor
    FROM named WHERE kind = ${PR_REVIEWED} AND (author IS NULL OR author <> actor) AND actor IS NOT NULL GROUP BY repository_id, kind, number, actor
    -- One share in a commit and person; none in one's own commit.
    UNION ALL
    SELECT n.repository_id, n.kind, min(n.occurred_at), (array_agg(n.quantity ORDER BY n.occurred_at))[1],
      (array_agg(n.lines_added ORDER BY n.occurred_at))[1], (array_agg(n.lines_deleted ORDER BY n.occurred_at))[1], n.actor
    FROM named n
    LEFT JOIN named c ON c.repository_id = n.repository_id AND c.kind = ${COMMIT} AND c.subject = split_part(n.subject, ':', 1)
    WHERE n.kind = ${COMMIT_COAUTHOR} AND n.actor IS NOT NULL AND (c.actor IS NULL OR c.actor <> n.actor)
    GROUP BY n.repository_id, n.kind, split_part(n.subject, ':', 1), n.actor
    -- Of nobody known, each by itself.
    UNION ALL
    SELECT repository_id, kind, occurred_at, quantity, lines_added, lines_deleted, NULL
    FROM named WHERE kind IN (${PR_REVIEWED}, ${COMMIT_COAUTHOR}) AND actor IS NULL)`;

/** SQL: the UTC day of a moment. */
export function utcDay(moment: string): string {
  return `(${moment} AT TIME ZONE 'UTC')::date`;
}

/** SQL of a sum that fits an int, as counts are stored. */
export function intSum(column: string, filter = ''): string {
  const sum = `sum(${column})${filter === '' ? '' : ` FILTER (WHERE ${filter})`}`;
  return `CASE WHEN ${sum} > 2147483647 THEN 2147483647 ELSE ${sum} END`;
}
