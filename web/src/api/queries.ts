import {
  keepPreviousData,
  QueryClient,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import type { EndpointName } from '../../../src/api/contract.ts';
import { ask, Problem, type AnswerOf, type SentTo } from './client.ts';

/** An answer that was refused for good is not asked for again; a server that is away is, three times. */
const MOST_TRIES = 3;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) => failures < MOST_TRIES && error instanceof Problem && (error.status === 0 || error.status >= 502),
      retryDelay: (failures) => Math.min(500 * 2 ** failures, 4_000),
      refetchOnWindowFocus: true,
    },
  },
});

interface AskOptions<Name extends EndpointName> {
  /** False: nothing is asked yet. */
  readonly enabled?: boolean;
  /** Milliseconds until it is asked again, or false; told by the last answer. */
  readonly refetchInterval?: (answer: AnswerOf<Name> | undefined) => number | false;
  /** While another question of the same endpoint is under way the old answer stays; default true. */
  readonly keepsOld?: boolean;
}

/** What an endpoint answers, kept, shared by all that ask the same, and asked again when it may have changed. */
export function useAnswer<Name extends EndpointName>(
  name: Name,
  sent: SentTo<Name> = {},
  options: AskOptions<Name> = {},
): UseQueryResult<AnswerOf<Name>, Problem> {
  const { enabled = true, refetchInterval, keepsOld = true } = options;
  return useQuery<AnswerOf<Name>, Problem>({
    queryKey: [name, sent],
    queryFn: async ({ signal }) => (await ask(name, sent, signal)).body,
    enabled,
    ...(keepsOld ? { placeholderData: keepPreviousData } : {}),
    ...(refetchInterval === undefined ? {} : { refetchInterval: (query) => refetchInterval(query.state.data) }),
  });
}

/** Does something through the API; afterwards what the named endpoints answered counts as old. */
export function useAction<Name extends EndpointName>(
  name: Name,
  changes: readonly EndpointName[],
): UseMutationResult<AnswerOf<Name>, Problem, SentTo<Name>> {
  const client = useQueryClient();
  return useMutation<AnswerOf<Name>, Problem, SentTo<Name>>({
    mutationFn: async (sent) => (await ask(name, sent)).body,
    onSettled: async () => {
      await Promise.all(changes.map((changed) => client.invalidateQueries({ queryKey: [changed] })));
    },
  });
}
