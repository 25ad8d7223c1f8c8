import { useState, type JSX } from 'react';
import { Button } from '../elements/button.tsx';

/** A badge with a person's rank, and the Markdown that shows it elsewhere. */
export function BadgeMarkdown({ username }: { readonly username: string }): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  const badge = `/badges/contributors/${encodeURIComponent(username)}.svg`;
  const markdown = `[![Laurels](${location.origin}${badge})](${location.origin}/dashboard/c/${encodeURIComponent(username)})`;
  return (
    <section aria-labelledby="badge" className="grid gap-2">
      <h2 id="badge">Badge</h2>
      <div className="card flex flex-wrap items-center gap-4">
        <img src={badge} alt={`Badge with the rank of ${username}`} height={20} />
        <code className="min-w-0 flex-1 [overflow-wrap:anywhere]">{markdown}</code>
        <Button onClick={() => void navigator.clipboard.writeText(markdown).then(() => setCopied(true))}>
          {isCopied ? 'Copied' : 'Copy Markdown'}
        </Button>
      </div>
    </section>
  );
}
