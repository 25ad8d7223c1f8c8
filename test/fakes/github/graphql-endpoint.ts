/** Executes GraphQL with graphql-js against GitHub's schema, and writes answers and errors in GitHub's form. */
import { readFileSync } from 'node:fs';
import { buildSchema, execute, getOperationAST, GraphQLError, GraphQLScalarType, Kind, parse, validate } from 'graphql';
import type { DocumentNode, ExecutionResult, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { getVariableValues } from 'graphql/execution/values.js';
import { actorNode } from './graphql-actors.ts';
import type { View } from './graphql-actors.ts';
import { nodeOf } from './graphql-nodes.ts';
import { searchIssues } from './issue-search.ts';
import { GithubError } from './connections.ts';
import type { PageArguments } from './connections.ts';
import { costOf } from './query-cost.ts';
import type { QueryCost } from './query-cost.ts';
import type { Bucket } from './quota.ts';

export interface GraphqlRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | null;
}

/** A request understood, before anything is answered. */
export interface PreparedQuery {
  readonly operationName: string | null;
  readonly cost: QueryCost;
  /** Why GitHub would refuse it; then the query is not run. */
  readonly refusals: readonly GraphQLError[];
  /** Those of the refusals that say the schema has no such thing: a mistake in the program under test. */
  readonly schemaErrors: readonly string[];
  readonly run: (rate: Bucket) => string;
}

const NOTHING: QueryCost = { points: 1, nodes: 0, largestPage: null };

/** The pruned official schema, with GitHub's checks of the scalars it reads. */
export function loadSchema(): GraphQLSchema {
  const schema = buildSchema(readFileSync(new URL('./schema.graphql', import.meta.url), 'utf8'));
  const check = (name: string, pattern: RegExp): void => {
    const scalar = schema.getType(name);
    if (!(scalar instanceof GraphQLScalarType)) return;
    scalar.parseValue = (value) => {
      if (typeof value !== 'string' || !pattern.test(value)) throw new GraphQLError(`${JSON.stringify(value)} is not a ${name}`);
      return value;
    };
    scalar.parseLiteral = (node) => scalar.parseValue(node.kind === Kind.STRING ? node.value : undefined);
  };
  check('DateTime', /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/);
  check('GitTimestamp', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/);
  check('GitObjectID', /^[0-9a-f]{40}$/);
  return schema;
}

export class GraphqlEndpoint {
  readonly #schema: GraphQLSchema;
  readonly #view: () => View;
  readonly #viewerId: number;
  readonly #parsed = new Map<string, { document: DocumentNode | null; errors: readonly GraphQLError[] }>();
  /** Answers by query, variables and version of the data; null when answers are not kept. */
  readonly #kept: Map<string, { json: string; rateKey: string | null; rateFields: readonly string[] }> | null;

  constructor(o: { schema: GraphQLSchema; view: () => View; viewerId: number; keepAnswers: boolean }) {
    this.#schema = o.schema;
    this.#view = o.view;
    this.#viewerId = o.viewerId;
    this.#kept = o.keepAnswers ? new Map() : null;
  }

  /** Forgets kept answers. */
  forget(): void {
    this.#kept?.clear();
  }

  /** Reads, validates and prices a request. */
  prepare(request: GraphqlRequest): PreparedQuery {
    const { document, errors } = this.#parse(request.query);
    const refuse = (refusals: readonly GraphQLError[], bySchema: boolean, operationName: string | null = null): PreparedQuery => ({
      operationName,
      cost: NOTHING,
      refusals,
      schemaErrors: bySchema ? refusals.map((error) => error.message) : [],
      run: () => JSON.stringify({ errors: refusals.map((error) => githubErrorOf(error)) }),
    });
    if (document === null || errors.length > 0) return refuse(errors, true, document === null ? null : nameOf(document));
    const operation = getOperationAST(document, request.operationName);
    if (operation === null || operation === undefined) return refuse([new GraphQLError('No operation named so in the query')], true);
    const operationName = operation.name?.value ?? null;
    const coerced = getVariableValues(this.#schema, operation.variableDefinitions ?? [], request.variables);
    if (coerced.errors !== undefined) return refuse(coerced.errors, true, operationName);
    try {
      const cost = costOf(this.#schema, document, operation, coerced.coerced);
      const run = (rate: Bucket): string => this.#run(request, document, operation, cost, rate);
      return { operationName, cost, refusals: [], schemaErrors: [], run };
    } catch (error) {
      if (error instanceof GraphQLError) return refuse([error], false, operationName);
      throw error;
    }
  }

  #parse(query: string): { document: DocumentNode | null; errors: readonly GraphQLError[] } {
    let known = this.#parsed.get(query);
    if (known === undefined) {
      try {
        const document = parse(query);
        known = { document, errors: validate(this.#schema, document) };
      } catch (error) {
        if (!(error instanceof GraphQLError)) throw error;
        known = { document: null, errors: [error] };
      }
      this.#parsed.set(query, known);
    }
    return known;
  }

  #run(request: GraphqlRequest, document: DocumentNode, operation: OperationDefinitionNode, cost: QueryCost, rate: Bucket): string {
    const view = this.#view();
    const rateLimit = rateLimitOf(cost, rate);
    const key =
      this.#kept === null
        ? ''
        : `${view.data.version}\n${request.operationName ?? ''}\n${JSON.stringify(request.variables)}\n${request.query}`;
    const kept = this.#kept?.get(key);
    if (kept !== undefined) {
      if (kept.rateKey === null) return kept.json;
      const shown = Object.fromEntries(kept.rateFields.map((field) => [field, rateLimit[field]]));
      return `${kept.json.slice(0, -2)},${JSON.stringify(kept.rateKey)}:${JSON.stringify(shown)}}}`;
    }

    const result = execute({
      schema: this.#schema,
      document,
      rootValue: rootOf(view, this.#viewerId, rateLimit),
      variableValues: request.variables,
      operationName: request.operationName,
    }) as ExecutionResult;
    if (result.errors !== undefined) {
      return JSON.stringify({ data: result.data ?? null, errors: result.errors.map((error) => githubErrorOf(error)) });
    }
    this.#keep(key, operation, result.data ?? {});
    return JSON.stringify({ data: result.data });
  }

  #keep(key: string, operation: OperationDefinitionNode, data: Record<string, unknown>): void {
    if (this.#kept === null) return;
    const rateNode = operation.selectionSet.selections.find((node) => node.kind === Kind.FIELD && node.name.value === 'rateLimit');
    const rateKey = rateNode?.kind === Kind.FIELD ? (rateNode.alias?.value ?? 'rateLimit') : null;
    const rest = { ...data };
    if (rateKey !== null) delete rest[rateKey];
    if (Object.keys(rest).length === 0) return;
    const rateFields = rateKey === null ? [] : Object.keys(data[rateKey] as object);
    this.#kept.set(key, { json: JSON.stringify({ data: rest }), rateKey, rateFields });
  }
}

function nameOf(document: DocumentNode): string | null {
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  return operation?.name?.value ?? null;
}

function rateLimitOf(cost: QueryCost, rate: Bucket): Record<string, unknown> {
  return {
    cost: cost.points,
    limit: rate.limit,
    remaining: rate.limit - rate.used,
    used: rate.used,
    nodeCount: cost.nodes,
    resetAt: `${new Date(rate.resetAt).toISOString().slice(0, 19)}Z`,
  };
}

/** GitHub puts the kind of an error beside its message. */
function githubErrorOf(error: GraphQLError): Record<string, unknown> {
  const { githubType } = error.extensions;
  const known = error.originalError instanceof GraphQLError ? error.originalError.extensions['githubType'] : undefined;
  return {
    ...(githubType === undefined && known === undefined ? {} : { type: githubType ?? known }),
    ...(error.path === undefined ? {} : { path: error.path }),
    ...(error.locations === undefined ? {} : { locations: error.locations }),
    message: error.message,
  };
}

function rootOf(view: View, viewerId: number, rateLimit: Record<string, unknown>): Record<string, unknown> {
  const { data } = view;
  const account = (kind: string, login: string): unknown => {
    const found = data.accountByLogin(login);
    const fits = found !== null && (kind === 'RepositoryOwner' ? found.type !== 'Bot' : found.type === kind);
    if (!fits) throw new GithubError('NOT_FOUND', `Could not resolve to a ${kind} with the login of '${login}'.`);
    return actorNode(view, found.id);
  };
  return {
    rateLimit,
    repository: (wanted: { owner: string; name: string; followRenames?: boolean | null }) => {
      const found = data.findRepository(wanted.owner, wanted.name);
      if (found === null || (found.moved && wanted.followRenames === false)) {
        throw new GithubError('NOT_FOUND', `Could not resolve to a Repository with the name '${wanted.owner}/${wanted.name}'.`);
      }
      return view.nodes.repository(found.repository);
    },
    node: (wanted: { id: string }) => nodeOf(view, wanted.id),
    // graphql-js takes an Error in a list as the failure of that item, as GitHub does.
    nodes: (wanted: { ids: readonly string[] }) =>
      wanted.ids.map((id) => {
        try {
          return nodeOf(view, id);
        } catch (error) {
          return error;
        }
      }),
    user: (wanted: { login: string }) => account('User', wanted.login),
    organization: (wanted: { login: string }) => account('Organization', wanted.login),
    repositoryOwner: (wanted: { login: string }) => account('RepositoryOwner', wanted.login),
    viewer: () => actorNode(view, viewerId),
    search: (wanted: PageArguments & { query: string; type: string }) => {
      if (wanted.type !== 'ISSUE' && wanted.type !== 'ISSUE_ADVANCED') throw new RangeError(`The fake does not search for ${wanted.type}`);
      const found = data.derived(`search ${wanted.query}`, () => searchIssues(data, wanted.query));
      const list = {
        identity: `search ${wanted.query}`,
        items: found.slice(0, 1000).map((one, index) => ({ one, index })),
        descending: false,
      };
      const page = view.cursors.page({ ...list, keyOf: (item) => [item.index, 0] as const }, wanted, ({ one }) =>
        one.type === 'pr' ? view.nodes.pullRequest(one.repository, one.item) : view.nodes.issue(one.repository, one.item),
      );
      return Object.assign(page, {
        issueCount: found.length,
        repositoryCount: 0,
        userCount: 0,
        codeCount: 0,
        wikiCount: 0,
        discussionCount: 0,
      });
    },
  };
}
