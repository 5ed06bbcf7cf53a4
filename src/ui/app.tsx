import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Dialogs, wordsFor } from './dialogs/dialogs.tsx';
import { problemWords } from './dialogs/sending.ts';
import { byOf, storedName } from './dialogs/who-asks.tsx';
import { ClockContext } from './frame/now.ts';
import { Refused } from './frame/refused.tsx';
import { type DialogName, TopBar } from './frame/top-bar.tsx';
import type { PageStore } from './live/page-store.ts';
import { Overview } from './overview.tsx';
import type { Wanted } from './under-way/becomes.ts';
import { type Names, NamesContext, namesOf } from './words/names.ts';

/** The whole page: the bar, the cluster, and the dialog that is open. */
export function App({ store }: { readonly store: PageStore }): JSX.Element {
  const [state, setState] = useState(store.state);
  const [dialog, setDialog] = useState<{ readonly name: DialogName; readonly reason: string }>();
  const [wanted, setWanted] = useState<readonly Wanted[]>([]);
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    setState(store.state);
    return store.subscribe(setState);
  }, [store]);
  const { parts, api, session, connection } = state;

  const isRefused = connection.state === 'refused';
  useEffect(() => {
    if (isRefused) setDialog({ name: 'login', reason: wordsFor.read });
  }, [isRefused]);

  const open = (name: DialogName): void => {
    setProblem(undefined);
    if (name !== 'login' && session?.mayChange !== true) setDialog({ name: 'login', reason: wordsFor[name] });
    else if (name !== 'resume') setDialog({ name, reason: wordsFor[name] });
    else void api.resume(byOf(storedName())).catch((error: unknown) => setProblem(problemWords(error)));
  };
  return (
    <ClockContext.Provider value={state.clockOffsetMs}>
      <NamesContext.Provider value={useNames(state.parts)}>
        <TopBar state={state} open={open} logOut={() => store.logOut()} />
        <main>
          {problem === undefined ? undefined : (
            <p role="alert" class="notice tone-bad">
              {problem}
            </p>
          )}
          {connection.state === 'refused' ? (
            <Refused why={connection.why} open={() => open('login')} />
          ) : (
            <Overview state={state} wanted={wanted} />
          )}
        </main>
        <footer class="foot">
          <span>etcd-caretaker {parts.status?.agent.version ?? ''}</span>
          <a href="/metrics">Metrics</a>
          <a href="/api/v1/openapi.json">API</a>
        </footer>
        <Dialogs
          shown={dialog}
          state={state}
          logIn={(token) => store.logIn(token)}
          onAsked={(each) => setWanted([...wanted, each])}
          onClose={() => setDialog(undefined)}
        />
      </NamesContext.Provider>
    </ClockContext.Provider>
  );
}

/** The same object as long as the names are: everything that uses them would be made anew with it. */
function useNames(parts: Parameters<typeof namesOf>[0]): Names {
  const found = namesOf(parts);
  const key = JSON.stringify([...found.byId, ...found.ordered]);
  return useMemo(() => found, [key]);
}
