/** What can be compared at once. */
export const FEWEST_COMPARED = 2;
export const MOST_COMPARED = 5;

/** What is compared. */
export type Compared = 'repositories' | 'contributors';
