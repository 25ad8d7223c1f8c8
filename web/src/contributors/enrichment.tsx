import type { JSX } from 'react';
import { Link, useLocation } from 'wouter';
import type { ProfileResource } from '../../../src/api/contract/contributors.ts';
import { useAction, useAnswer } from '../api/queries.ts';
import { Button } from '../elements/button.tsx';
import { ExternalLink } from '../elements/external-link.tsx';
import { ErrorNotice } from '../elements/notice.tsx';
import { Section } from '../elements/section.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { ago, moment } from '../figures.ts';

const FIELDS = { twitter_username: 'X', linkedin_url: 'LinkedIn', personal_website: 'Website' } as const;
type Field = keyof typeof FIELDS;
const FIELD_NAMES = Object.keys(FIELDS) as readonly Field[];

/** What is known of a person beyond contributions, where each of it comes from, and the button that asks again. */
export function Enrichment({ person }: { readonly person: ProfileResource }): JSX.Element | null {
  const { username } = person;
  const [, navigate] = useLocation();
  const { data, error, refetch } = useAnswer('getContributorEnrichment', { params: { username } });
  const ask = useAction('enrichContributor', ['getContributorEnrichment', 'getContributor', 'listJobs']);
  if (person.is_sample) return null;
  return (
    <Section
      id="enrichment"
      title="Public profile"
      beside={
        <Button
          isBusy={ask.isPending}
          onClick={() => ask.mutate({ params: { username } }, { onSuccess: (job) => navigate(`/jobs/${job.id}`) })}
        >
          {(data?.last_enriched_at ?? null) === null ? 'Read it' : 'Read it again'}
        </Button>
      }
    >
      {error === null ? null : <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {ask.error === null ? null : (
        <div className="grid gap-2">
          <ErrorNotice error={ask.error} />
          {ask.error.job === null ? null : <Link href={`/jobs/${ask.error.job.id}`}>Go to the job that is under way</Link>}
        </div>
      )}
      {data === undefined ? null : (
        <div className="card grid gap-2 text-sm">
          <p className="text-muted">
            {data.last_enriched_at === null
              ? 'Not read yet: what the person publishes on GitHub, X and their website would be shown here, each with its source.'
              : `Read ${ago(data.last_enriched_at)}: ${Object.entries(data.states)
                  .map(([source, { state }]) => `${source.replaceAll('_', ' ')} ${state.replaceAll('_', ' ')}`)
                  .join(', ')}.`}{' '}
            E-mail addresses are never shown.
          </p>
          <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
            {FIELD_NAMES.filter((field) => data[field] !== null).map((field) => (
              <div key={field} className="contents">
                <dt className="text-muted">{FIELDS[field]}</dt>
                <dd className="min-w-0">
                  <ExternalLink href={addressOf(field, data[field] ?? '')}>
                    <UntrustedText>{data[field] ?? ''}</UntrustedText>
                  </ExternalLink>{' '}
                  <Origin origin={data.enrichment_sources[field]} />
                </dd>
              </div>
            ))}
          </dl>
          {data.error === null ? null : (
            <p className="text-warn">
              <UntrustedText>{data.error}</UntrustedText>
            </p>
          )}
        </div>
      )}
    </Section>
  );
}

function Origin({ origin }: { readonly origin: { readonly source: string; readonly at: string } | undefined }): JSX.Element | null {
  if (origin === undefined) return null;
  return (
    <span className="text-muted" title={moment(origin.at)}>
      from {origin.source.replaceAll('_', ' ')}, {ago(origin.at)}
    </span>
  );
}

function addressOf(field: Field, value: string): string {
  return field === 'twitter_username' ? `https://x.com/${encodeURIComponent(value)}` : value;
}
