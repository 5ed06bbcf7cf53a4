import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

const SAID_MS = 2000;

/** Puts a text into the clipboard, and says that it did. */
export function CopyButton({ text }: { readonly text: string }): JSX.Element {
  const [said, setSaid] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSaid(''), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <span class="copy">
      <button type="button" onClick={() => void copied(text).then(setSaid)}>
        Copy
      </button>
      <span role="status">{said}</span>
    </span>
  );
}

/** A page that came without TLS, not from loopback, has no clipboard. */
async function copied(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return 'Copied';
  } catch {
    return 'Not allowed here: mark the text and copy it';
  }
}
