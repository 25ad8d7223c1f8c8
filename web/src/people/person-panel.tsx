import { useState, type FormEvent, type JSX, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { IdentityResource } from '../../../src/api/contract/people.ts';
import { ACCOUNT_KINDS, type AccountKind } from '../../../src/domain/account-kind.ts';
import { useAction, useAnswer } from '../api/queries.ts';
import { Button } from '../elements/button.tsx';
import { Dialog } from '../elements/dialog.tsx';
import { SkeletonLines } from '../elements/loading.tsx';
import { Banner, ErrorNotice } from '../elements/notice.tsx';
import { UntrustedText } from '../elements/untrusted-text.tsx';
import { IdentityHistory } from './identity-history.tsx';
import { reasonOf } from './kind-rule.ts';
import { FOLLOWS } from './follows.ts';

/** All that can be said of one person: what they are, which accounts are theirs, whether they are shown. */
export function PersonPanel({ username, onClose }: { readonly username: string; readonly onClose: () => void }): JSX.Element {
  const { data, error, refetch } = useAnswer(
    'getContributorIdentities',
    { params: { username }, query: { limit: '20' } },
    { keepsOld: false },
  );
  return (
    <Dialog title={username} onClose={onClose}>
      <div className="grid gap-5">
        {error === null ? null : error.status === 410 ? (
          <Banner>This person opted out and is shown nowhere.</Banner>
        ) : error.status === 404 ? (
          <Banner>Nobody here has this login. An opt-out by id:12345 works all the same, before somebody is ever seen.</Banner>
        ) : (
          <ErrorNotice error={error} onRetry={() => void refetch()} />
        )}
        {data === undefined ? (
          error === null ? (
            <SkeletonLines lines={4} />
          ) : null
        ) : (
          <>
            <p>
              <Link href={`/c/${encodeURIComponent(data.contributor.username)}`}>Profile and receipt</Link>
            </p>
            <KindForm person={data} />
            <AccountsForm person={data} />
            <IdentityHistory changes={data.changes.data} />
          </>
        )}
        <Visibility username={username} isHidden={error?.status === 410} canErase={data !== undefined} onErased={onClose} />
      </div>
    </Dialog>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }): JSX.Element {
  return (
    <section aria-label={title} className="border-line grid gap-2 border-t pt-3">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function KindForm({ person }: { readonly person: IdentityResource }): JSX.Element {
  const [kind, setKind] = useState<AccountKind>(person.kind);
  const [reason, setReason] = useState('');
  const save = useAction('setContributorKind', FOLLOWS);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate({ params: { username: person.contributor.username }, body: { kind, reason } });
  };
  return (
    <Part title="Human, bot or AI agent">
      <p className="text-sm">
        Counts as <strong>{person.kind === 'agent' ? 'AI agent' : person.kind}</strong>:{' '}
        {reasonOf({ rule: person.kind_rule, isOverridden: person.kind_overridden })}.
      </p>
      <form onSubmit={submit} className="flex flex-wrap items-end gap-3 text-sm">
        <label className="grid gap-0.5">
          <span className="text-muted text-xs">Should count as</span>
          <select value={kind} onChange={(event) => setKind(event.target.value as AccountKind)}>
            {ACCOUNT_KINDS.map((known) => (
              <option key={known} value={known}>
                {known === 'agent' ? 'AI agent' : known}
              </option>
            ))}
          </select>
        </label>
        <label className="grid min-w-40 flex-1 gap-0.5">
          <span className="text-muted text-xs">Why (stands in the history)</span>
          <input className="w-full min-w-0" required maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
        </label>
        <Button type="submit" isBusy={save.isPending}>
          Save
        </Button>
      </form>
      {save.error === null ? null : <ErrorNotice error={save.error} />}
      {save.isSuccess ? <Banner tone="good">Saved. Boards follow at once.</Banner> : null}
    </Part>
  );
}

function AccountsForm({ person }: { readonly person: IdentityResource }): JSX.Element {
  const [account, setAccount] = useState('');
  const merge = useAction('mergeContributors', FOLLOWS);
  const split = useAction('splitContributor', FOLLOWS);
  const { username } = person.contributor;
  const [standing, ...others] = person.accounts;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    merge.mutate({ params: { username }, body: { accounts: [account.trim().replace(/^@/, '')] } }, { onSuccess: () => setAccount('') });
  };
  return (
    <Part title="Accounts of this person">
      <ul className="grid gap-1 text-sm">
        <li>
          <UntrustedText>{standing?.username ?? username}</UntrustedText>{' '}
          <span className="text-muted">{others.length === 0 ? '(the only one)' : '(boards show this one)'}</span>
        </li>
        {others.map((other) => (
          <li key={other.github_id} className="flex flex-wrap items-center gap-2">
            <UntrustedText>{other.username}</UntrustedText>
            <Button isBusy={split.isPending} onClick={() => split.mutate({ params: { username }, body: { accounts: [other.username] } })}>
              Split off<span className="sr-only"> {other.username}</span>
            </Button>
          </li>
        ))}
      </ul>
      <form onSubmit={submit} className="flex flex-wrap items-end gap-3 text-sm">
        <label className="grid gap-0.5">
          <span className="text-muted text-xs">Another account of theirs</span>
          <input required maxLength={100} value={account} onChange={(event) => setAccount(event.target.value)} placeholder="login" />
        </label>
        <Button type="submit" isBusy={merge.isPending}>
          Merge into {username}
        </Button>
      </form>
      <p className="text-muted text-sm">Merged accounts count as one on every board. It can be split again; nothing is lost.</p>
      {merge.error === null ? null : <ErrorNotice error={merge.error} />}
      {split.error === null ? null : <ErrorNotice error={split.error} />}
    </Part>
  );
}

interface VisibilityProps {
  readonly username: string;
  readonly isHidden: boolean;
  readonly canErase: boolean;
  readonly onErased: () => void;
}

function Visibility({ username, isHidden, canErase, onErased }: VisibilityProps): JSX.Element {
  const hide = useAction('hideContributor', FOLLOWS);
  const show = useAction('showContributor', FOLLOWS);
  const erase = useAction('eraseContributor', FOLLOWS);
  const [typed, setTyped] = useState('');
  return (
    <Part title="Opt-out">
      <p className="text-sm">
        {isHidden
          ? 'They are hidden: on no board, in no search, export or badge. Ranks have closed up.'
          : 'Hides them everywhere: boards, searches, exports, badges, pages. Ranks close up. It can be taken back.'}
      </p>
      <div className="flex flex-wrap gap-2">
        {isHidden ? (
          <Button isBusy={show.isPending} onClick={() => show.mutate({ params: { username } })}>
            Show again
          </Button>
        ) : (
          <Button isBusy={hide.isPending} onClick={() => hide.mutate({ params: { username } })}>
            Hide {username}
          </Button>
        )}
      </div>
      {canErase ? (
        <details>
          <summary className="text-sm">Erase for good</summary>
          <div className="mt-2 grid gap-2 text-sm">
            <p>
              Their account, profile and logins are deleted. What they did stays in totals, without them, and later scrapes do not bring
              them back. This can not be taken back.
            </p>
            <label className="grid gap-0.5">
              <span className="text-muted text-xs">Type {username} to confirm</span>
              <input value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" />
            </label>
            <Button
              look="danger"
              className="justify-self-start"
              isBusy={erase.isPending}
              disabled={typed !== username}
              onClick={() => erase.mutate({ params: { username } }, { onSuccess: onErased })}
            >
              Erase {username}
            </Button>
          </div>
        </details>
      ) : null}
      {[hide.error, show.error, erase.error].map((error) => (error === null ? null : <ErrorNotice key={error.message} error={error} />))}
    </Part>
  );
}
