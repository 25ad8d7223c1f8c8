import { afterAll, beforeAll, describe } from '@jest/globals';
import { inBrowser, startDashboard, type Dashboard } from './dashboard.ts';
import { describeJourneys } from './journeys.ts';
import { describePages } from './pages.ts';
import { describeViews } from './views.ts';

/*
 * The dashboard in a real browser, on the real stack: one of each for all, since starting them takes longer than most of the tests.
 * In order: the journeys change what is stored.
 */
inBrowser('the dashboard', () => {
  let dashboard: Dashboard;
  beforeAll(async () => {
    dashboard = await startDashboard();
  });
  afterAll(() => dashboard?.stop());

  describe('pages', () => {
    describePages(() => dashboard);
  });
  describe('views', () => {
    describeViews(() => dashboard);
  });
  describe('journeys, by the keyboard alone', () => {
    describeJourneys(() => dashboard);
  });
});
