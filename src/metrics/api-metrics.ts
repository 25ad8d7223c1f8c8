import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Requests to the API. */
export interface ApiMetrics {
  /** A request has come; the function is called when it is over. `route` is a template, never a path. */
  requestBegan(method: string): (route: string, status: number) => void;
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);

/** From a page out of memory to an export of everything. */
const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function createApiMetrics(registry: Registry): ApiMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'laurels_http_requests_total',
    help: 'Requests that were answered or broken off, by route and status.',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const duration = new Histogram({
    name: 'laurels_http_request_duration_seconds',
    help: 'From the arrival of a request until its answer was sent.',
    labelNames: ['method', 'route'],
    buckets: SECONDS,
    registers,
  });
  const inFlight = new Gauge({ name: 'laurels_http_requests_in_flight', help: 'Requests that are being answered.', registers });
  const limited = new Counter({ name: 'laurels_http_requests_limited_total', help: 'Requests refused by RATE_LIMIT.', registers });
  return {
    requestBegan(given) {
      const method = METHODS.has(given) ? given : 'other';
      const begun = performance.now();
      inFlight.inc();
      return (route, status) => {
        inFlight.dec();
        requests.inc({ method, route, status });
        duration.observe({ method, route }, (performance.now() - begun) / 1000);
        if (status === 429) limited.inc();
      };
    },
  };
}
