import { loadConfig } from '../config.ts';
import { ormOptions } from './orm-options.ts';

/** For the `mikro-orm` command line: the database that DATABASE_URL names. */
export default ormOptions(loadConfig(process.env).databaseUrl ?? 'postgresql://postgres@127.0.0.1:5432/laurels');
