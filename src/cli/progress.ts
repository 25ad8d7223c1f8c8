import { SingleBar } from 'cli-progress';
import { figure } from './table.ts';
import { printable, type Terminal } from './terminal.ts';

/** Where something stands; `total` null: not known. */
interface Standing {
  readonly what: string;
  readonly done: number;
  readonly total: number | null;
  readonly unit: string | null;
  /** When it will be done, ISO; null or absent: not known. */
  readonly eta?: string | null;
}

/** Shows how far something is: a bar on a terminal, a line now and then elsewhere. */
export interface Progress {
  show(standing: Standing): void;
  /** Takes the bar away. */
  end(): void;
}

/** When nobody looks, a line that says only more of the same comes at most this often. */
const QUIET_MS = 5_000;

export function createProgress(terminal: Terminal): Progress {
  return terminal.isInteractive ? barProgress(terminal) : lineProgress(terminal);
}

function sentenceOf({ what, done, total, unit, eta = null }: Standing): string {
  const of = total === null ? '' : ` of ${figure(total)}`;
  const amount = done > 0 || (total ?? 0) > 0 ? `: ${figure(done)}${of}${unit === null ? '' : ` ${unit}`}` : '';
  return printable(`${what}${amount}${eta === null ? '' : `, ${timeLeft(eta)}`}`);
}

const MINUTE_MS = 60_000;

/** `about 4 min left`. */
function timeLeft(eta: string): string {
  const minutes = (Date.parse(eta) - Date.now()) / MINUTE_MS;
  if (minutes < 1) return 'less than 1 min left';
  return minutes < 90 ? `about ${Math.ceil(minutes)} min left` : `about ${Math.round(minutes / 30) / 2} h left`;
}

function barProgress({ stderr }: Terminal): Progress {
  const bar = new SingleBar({
    stream: stderr,
    clearOnComplete: true,
    hideCursor: true,
    format: '{bar} {sentence}',
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    gracefulExit: false,
    linewrap: null,
  });
  let isShown = false;
  return {
    show(standing) {
      const total = Math.max(standing.total ?? 0, standing.done, 1);
      const payload = { sentence: sentenceOf(standing) };
      if (!isShown) bar.start(total, standing.done, payload);
      isShown = true;
      bar.setTotal(total);
      bar.update(standing.done, payload);
    },
    end() {
      if (isShown) bar.stop();
      isShown = false;
    },
  };
}

function lineProgress({ say }: Terminal): Progress {
  let last = '';
  let lastWhat = '';
  let saidAt = 0;
  return {
    show(standing) {
      const sentence = sentenceOf(standing);
      const isNews = standing.what !== lastWhat || Date.now() - saidAt >= QUIET_MS;
      if (sentence === last || !isNews) return;
      [last, lastWhat, saidAt] = [sentence, standing.what, Date.now()];
      say(sentence);
    },
    end: () => undefined,
  };
}
