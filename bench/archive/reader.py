"""The plain way to count contributions in GH Archive hours: gzip, json, Counter. usage: reader.py FILE..."""
import collections, gzip, json, sys

KINDS = dict(PushEvent='COMMIT', PullRequestReviewEvent='PR_REVIEWED', PullRequestReviewCommentEvent='PR_REVIEW_COMMENT',
             IssueCommentEvent='COMMENT', CommitCommentEvent='COMMENT', ReleaseEvent='RELEASE')
counts = collections.Counter()
for path in sys.argv[1:]:
    with gzip.open(path, 'rt', encoding='utf-8') as lines:
        for line in lines:
            event = json.loads(line)
            kind, payload = event['type'], event['payload']
            if kind == 'PullRequestEvent':
                merged = payload['action'] == 'closed' and payload['pull_request']['merged']
                kind = 'PR_OPENED' if payload['action'] == 'opened' else 'PR_MERGED' if merged else None
            elif kind == 'IssuesEvent':
                kind = dict(opened='ISSUE_OPENED', closed='ISSUE_CLOSED').get(payload['action'])
            else:
                kind = KINDS.get(kind)
            if kind is not None:
                counts[event['repo']['id'], event['actor']['id'], kind] += payload.get('distinct_size', 1)
print(len(counts), sum(counts.values()))
