/**
 * What a query costs by GitHub's formula (docs.github.com, "Rate limits and query limits for the GraphQL API"), and its refusals of
 * queries that ask too much: pages over 100, more than 500,000 nodes, a list without `first` or `last`.
 */
import { getNamedType, isCompositeType, isInterfaceType, isObjectType, Kind, valueFromASTUntyped } from 'graphql';
import type {
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLNamedType,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
} from 'graphql';
import { GithubError } from './connections.ts';

const MAX_PAGE = 100;
const MAX_NODES = 500_000;

/** Points of the primary limit, the most nodes it can give, and the largest page size it asks for (null: none). */
export interface QueryCost {
  readonly points: number;
  readonly nodes: number;
  readonly largestPage: number | null;
}

/** `variables` with their defaults filled in. @throws GithubError for a query that GitHub refuses to run. */
export function costOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): QueryCost {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const sum = { requests: 0, nodes: 0, largestPage: 0 };

  const countField = (field: FieldNode, parent: GraphQLNamedType, times: number): void => {
    const definition = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[field.name.value] : undefined;
    if (definition === undefined || field.selectionSet === undefined) return;
    const type = getNamedType(definition.type);
    const argument = (name: string): unknown => {
      const given = field.arguments?.find((node) => node.name.value === name);
      return given === undefined ? undefined : valueFromASTUntyped(given.value, variables);
    };
    let inside = times;
    if (type.name.endsWith('Connection')) {
      const size = pageSize(field, argument('first'), argument('last'), fragments);
      if (size !== null) {
        sum.requests += times;
        sum.nodes += times * size;
        sum.largestPage = Math.max(sum.largestPage, size);
        inside = times * size;
      }
    } else if (field.name.value === 'nodes' && parent === schema.getQueryType()) {
      const ids = argument('ids');
      inside = Array.isArray(ids) ? ids.length : 1;
      if (inside > MAX_PAGE)
        throw new GithubError('ARGUMENT_LIMIT', `You may not provide more than ${MAX_PAGE} node ids; you provided ${inside}.`);
      sum.nodes += inside;
    }
    countSelections(field.selectionSet, type, inside);
  };
  const countSelections = (set: SelectionSetNode, parent: GraphQLNamedType, times: number): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        countField(selection, parent, times);
      } else {
        const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
        if (fragment === undefined) continue;
        const condition = fragment.typeCondition === undefined ? parent : schema.getType(fragment.typeCondition.name.value);
        if (isCompositeType(condition)) countSelections(fragment.selectionSet, condition, times);
      }
    }
  };

  const root = schema.getQueryType();
  if (root === undefined || root === null) throw new Error('The schema has no Query');
  countSelections(operation.selectionSet, root, 1);
  if (sum.nodes > MAX_NODES) {
    const asked = sum.nodes.toLocaleString('en-US');
    throw new GithubError(
      'MAX_NODE_LIMIT_EXCEEDED',
      `This query requests up to ${asked} possible nodes which exceeds the maximum limit of 500,000.`,
    );
  }
  return {
    points: Math.max(1, Math.round(sum.requests / 100)),
    nodes: sum.nodes,
    largestPage: sum.largestPage === 0 ? null : sum.largestPage,
  };
}

/** The page size of a connection; null when only its totals are asked for. */
function pageSize(field: FieldNode, first: unknown, last: unknown, fragments: ReadonlyMap<string, FragmentDefinitionNode>): number | null {
  const name = field.name.value;
  for (const [argument, value] of [
    ['first', first],
    ['last', last],
  ] as const) {
    if (typeof value !== 'number') continue;
    if (value > MAX_PAGE) {
      throw new GithubError(
        'EXCESSIVE_PAGINATION',
        `Requesting ${value} records on the \`${name}\` connection exceeds the \`${argument}\` limit of ${MAX_PAGE} records.`,
      );
    }
    if (value < 0) throw new GithubError('INVALID_PAGINATION', `\`${argument}\` on the \`${name}\` connection cannot be less than zero.`);
    return value;
  }
  if (field.selectionSet !== undefined && listsItems(field.selectionSet, fragments)) {
    throw new GithubError(
      'MISSING_PAGINATION_BOUNDARIES',
      `You must provide a \`first\` or \`last\` value to properly paginate the \`${name}\` connection.`,
    );
  }
  return null;
}

function listsItems(set: SelectionSetNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>): boolean {
  return set.selections.some((selection) => {
    if (selection.kind === Kind.FIELD) return selection.name.value === 'nodes' || selection.name.value === 'edges';
    const inner = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    return inner !== undefined && listsItems(inner.selectionSet, fragments);
  });
}
