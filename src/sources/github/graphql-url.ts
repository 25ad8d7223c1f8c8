/** Where GraphQL is asked, from the address of the REST API: `https://host/api/v3` has it at `https://host/api/graphql`. */
export function graphqlUrlOf(apiUrl: string): string {
  const api = apiUrl.replace(/\/+$/, '');
  return api.endsWith('/api/v3') ? `${api.slice(0, -'/v3'.length)}/graphql` : `${api}/graphql`;
}
