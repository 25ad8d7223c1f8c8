/**
 * Cuts GitHub's official GraphQL schema (1.2 MB) down to what the fake can answer, so that tests need nothing outside the project.
 *
 *   node test/fakes/github/prune-schema.ts ../shared/data/schemas/schema.graphql > test/fakes/github/schema.graphql
 *
 * A kept type keeps every field whose own type is kept, with all its arguments; enums, inputs and scalars are never cut.
 * So a query that the cut schema accepts is accepted by the official one, with the same types.
 */
import { readFileSync } from 'node:fs';
import { parse, print, visit, Kind } from 'graphql';
import type { ConstDirectiveNode, DefinitionNode, FieldDefinitionNode, TypeNode } from 'graphql';

/** The objects and unions a contribution reader may ask for: those of ../shared/data/queries and what lies next to them. */
const KEPT: ReadonlySet<string> = new Set(
  `
  Query RateLimit PageInfo License Language
  User Bot Mannequin Organization UserConnection UserEdge FollowerConnection
  SocialAccount SocialAccountConnection SocialAccountEdge
  Repository Ref RefConnection RefEdge StargazerConnection StargazerEdge
  Commit CommitConnection CommitEdge CommitHistoryConnection GitActor GitActorConnection GitActorEdge
  CommitComment CommitCommentConnection CommitCommentEdge
  PullRequest PullRequestConnection PullRequestEdge
  PullRequestReview PullRequestReviewConnection PullRequestReviewEdge
  PullRequestReviewComment PullRequestReviewCommentConnection PullRequestReviewCommentEdge
  PullRequestReviewThread PullRequestReviewThreadConnection PullRequestReviewThreadEdge
  PullRequestCommit PullRequestCommitConnection PullRequestCommitEdge
  Issue IssueConnection IssueEdge IssueOrPullRequest IssueComment IssueCommentConnection IssueCommentEdge
  IssueTimelineItems IssueTimelineItemsConnection IssueTimelineItemsEdge ClosedEvent ReopenedEvent Closer
  Release ReleaseConnection ReleaseEdge
  SearchResultItem SearchResultItemConnection SearchResultItemEdge
  `
    .trim()
    .split(/\s+/),
);

function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}

const onlyDeprecated = (directives: readonly ConstDirectiveNode[] | undefined): readonly ConstDirectiveNode[] =>
  (directives ?? []).filter((directive) => directive.name.value === 'deprecated');

/** The cut schema, as SDL without descriptions. @throws GraphQLError when `official` is not SDL. */
export function pruneSchema(official: string): string {
  const definitions = new Map<string, DefinitionNode>();
  for (const definition of parse(official, { noLocation: true }).definitions) {
    if ('name' in definition && definition.name !== undefined) definitions.set(definition.name.value, definition);
  }

  const isLeafOrInput = (name: string): boolean => {
    const kind = definitions.get(name)?.kind;
    return (
      kind === undefined ||
      kind === Kind.SCALAR_TYPE_DEFINITION ||
      kind === Kind.ENUM_TYPE_DEFINITION ||
      kind === Kind.INPUT_OBJECT_TYPE_DEFINITION
    );
  };
  // Every interface of a kept type stays: `... on Closable` is a query people write.
  const interfaces = new Set<string>();
  for (const name of KEPT) {
    const definition = definitions.get(name);
    if (definition === undefined) throw new Error(`The official schema has no type ${name}`);
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION) {
      for (const implemented of definition.interfaces ?? []) interfaces.add(implemented.name.value);
    }
  }
  const isKept = (name: string): boolean => KEPT.has(name) || interfaces.has(name) || isLeafOrInput(name);
  const keptFields = (fields: readonly FieldDefinitionNode[] | undefined): FieldDefinitionNode[] =>
    (fields ?? []).filter((field) => isKept(nameOf(field.type)));
  for (const name of interfaces) {
    const definition = definitions.get(name);
    if (definition?.kind !== Kind.INTERFACE_TYPE_DEFINITION || keptFields(definition.fields).length === 0) interfaces.delete(name);
  }

  const needed = new Set<string>();
  const need = (type: TypeNode): void => {
    const name = nameOf(type);
    if (needed.has(name)) return;
    needed.add(name);
    const definition = definitions.get(name);
    if (definition?.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) definition.fields?.forEach((field) => need(field.type));
  };

  const cut: DefinitionNode[] = [];
  for (const name of [...KEPT, ...interfaces]) {
    const definition = definitions.get(name);
    if (definition?.kind === Kind.UNION_TYPE_DEFINITION) {
      cut.push({ ...definition, types: (definition.types ?? []).filter((member) => KEPT.has(member.name.value)) });
    } else if (definition?.kind === Kind.OBJECT_TYPE_DEFINITION || definition?.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      const fields = keptFields(definition.fields);
      for (const field of fields) {
        need(field.type);
        field.arguments?.forEach((argument) => need(argument.type));
      }
      cut.push({ ...definition, fields, interfaces: (definition.interfaces ?? []).filter((item) => interfaces.has(item.name.value)) });
    }
  }
  for (const name of needed) {
    const definition = definitions.get(name);
    if (definition !== undefined && isLeafOrInput(name)) cut.push(definition);
  }

  const bare = cut
    .map((definition) =>
      visit(definition, {
        enter: (node) => ('description' in node && node.description !== undefined ? { ...node, description: undefined } : undefined),
        leave: (node) =>
          'directives' in node && node.directives !== undefined
            ? { ...node, directives: onlyDeprecated(node.directives as readonly ConstDirectiveNode[]).map(withoutReason) }
            : undefined,
      }),
    )
    .map((definition) => print(definition))
    .sort();
  return `# Made by prune-schema.ts from GitHub's official schema. Do not edit.\n\n${bare.join('\n\n')}\n`;
}

/** Deprecation reasons are prose; that a field is deprecated is all the fake needs. */
function withoutReason(directive: ConstDirectiveNode): ConstDirectiveNode {
  return { ...directive, arguments: [] };
}

if (import.meta.filename === process.argv[1]) {
  const official = process.argv[2];
  if (official === undefined) throw new Error('Usage: node prune-schema.ts <official schema.graphql>');
  process.stdout.write(pruneSchema(readFileSync(official, 'utf8')));
}
