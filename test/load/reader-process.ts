import { putLoad, type Load } from '../../bench/api/load.ts';

/* Readers in a process of their own, which can be given processors of its own: puts each load it is sent, and answers with what came of it. */

process.on('message', (load: Load) => {
  void putLoad(load).then((result) => process.send?.(result));
});
