declare module 'virtual:endpoints' {
  // An import at the top would make this a module, and not a declaration of one.
  // oxlint-disable-next-line typescript/consistent-type-imports
  const endpoints: Readonly<Record<import('../../../src/api/contract.ts').EndpointName, readonly [method: string, path: string]>>;
  export default endpoints;
}
