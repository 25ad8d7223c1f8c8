import type { Request } from 'express';

/** Whether If-Match names this tag: strongly, as the standard has it. Null: there is no If-Match. */
export function matches(request: Request, tag: string): boolean | null {
  const given = request.get('if-match');
  if (given === undefined) return null;
  return given.trim() === '*' || given.split(',').some((one) => one.trim() === tag);
}
