import { render } from 'preact';
import { App } from './app.tsx';
import { applyStoredTheme } from './frame/theme.ts';
import { PageStore } from './live/page-store.ts';
import './style/page.css';

applyStoredTheme();
const store = new PageStore();
store.start();
const place = document.getElementById('page');
if (place !== null) render(<App store={store} />, place);
