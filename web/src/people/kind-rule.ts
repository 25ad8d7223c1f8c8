/** Why an account counts as what it is, in words, and the rule as the API names it. */
export function reasonOf({ rule, isOverridden }: { readonly rule: string | null; readonly isOverridden: boolean }): string {
  if (isOverridden) return 'set by hand';
  if (rule === null) return 'no rule says otherwise';
  const sort = rule.slice(0, rule.indexOf(':'));
  const what = rule.slice(sort.length + 1);
  const words: Readonly<Record<string, string>> = {
    type: `GitHub calls it a ${what.toLowerCase()}`,
    agent: 'on the list of known AI agents',
    bot: 'on the list of known bots',
    suffix: `its login ends in ${what}`,
    pattern: `its login has ${what}`,
  };
  return words[sort] ?? rule;
}
