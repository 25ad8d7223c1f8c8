/** The argument that makes `main.ts` a stack for one command: free ports, no sample, no schedules, no Web UI, no words. */
export const ONE_SHOT = '--one-shot';

/** What a one-shot stack tells the command that started it, over IPC. It stops when the channel closes. */
export type OneShotMessage =
  /** Something a person would want to know while it starts, such as a download. */
  | { readonly type: 'said'; readonly line: string }
  | { readonly type: 'ready'; readonly url: string }
  /** Another process has the data directory. */
  | { readonly type: 'taken'; readonly message: string }
  /** It could not start, or had to stop. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/** Whether something that came over IPC is such a message. */
export function isOneShotMessage(message: unknown): message is OneShotMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    ['said', 'ready', 'taken', 'failed'].includes(String(message.type))
  );
}
