/** Entry of the page: styles, worker, state, and the one element that draws it all. */
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/controls.css';
import './styles/freshness.css';
import './styles/card.css';
import './styles/kpi.css';
import './styles/chart.css';
import './styles/bar-list.css';
import './styles/tile-map.css';
import './styles/table.css';
import './styles/funnel.css';
import './components/app.ts';
import { Page } from './page.ts';

const worker = new Worker(new URL('./data/feed.worker.ts', import.meta.url), { type: 'module', name: 'feed' });
const page = new Page(worker);
const app = document.querySelector('pl-app');
if (app !== null) app.page = page;
page.start();
