/** The last resort: a part of the page broke while drawing. Says so, and offers a reload; nothing stays blank. */
import { Component, type ReactNode } from 'react';
import { Button } from './ui/button.tsx';

export class ErrorBoundary extends Component<{ children: ReactNode }, { message: string | null }> {
  override state: { message: string | null } = { message: null };

  static getDerivedStateFromError(cause: unknown) {
    return { message: cause instanceof Error ? cause.message : String(cause) };
  }

  override render() {
    if (this.state.message === null) return this.props.children;
    return (
      <div className="failure failure-page" role="alert">
        <h1>The page broke</h1>
        <p>{this.state.message}</p>
        <p>Votes and snapshots that were saved are still there.</p>
        <Button tone="primary" onClick={() => window.location.reload()}>
          Reload
        </Button>
      </div>
    );
  }
}
