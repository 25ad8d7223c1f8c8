import { Counter, Gauge, type Registry } from 'prom-client';

/** Why a client of the log stream was cut off or not let in. */
type DropReason = 'slow' | 'silent' | 'talkative' | 'key_ended' | 'too_many' | 'failed';

/** The live log stream. */
export interface LogStreamMetrics {
  clients(count: number): void;
  sent(lines: number): void;
  dropped(reason: DropReason): void;
}

export function createLogStreamMetrics(registry: Registry): LogStreamMetrics {
  const registers = [registry];
  const clients = new Gauge({ name: 'laurels_log_stream_clients', help: 'Clients that listen to the log.', registers });
  const lines = new Counter({ name: 'laurels_log_stream_lines_sent_total', help: 'Log lines sent, once for each client.', registers });
  const dropped = new Counter({
    name: 'laurels_log_stream_clients_dropped_total',
    help: 'Clients that were cut off or not let in.',
    labelNames: ['reason'],
    registers,
  });
  return {
    clients: (count) => clients.set(count),
    sent: (count) => lines.inc(count),
    dropped: (reason) => dropped.inc({ reason }),
  };
}
