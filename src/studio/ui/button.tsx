/** Buttons of the studio, and the key caps printed on them. */
import type { ComponentProps, ReactNode } from 'react';

export interface ButtonProps extends Omit<ComponentProps<'button'>, 'type'> {
  tone?: 'plain' | 'primary' | 'quiet';
  icon?: ReactNode;
  /** The key that does the same. */
  cap?: string;
}

/** A button with an icon, a label and a key cap, any of which may be missing. */
export function Button({ tone = 'plain', icon, cap, children, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type="button"
      className={`button ${rest.className ?? ''}`}
      data-tone={tone}
      data-icon-only={children === undefined}
    >
      {icon}
      {children}
      {cap && <KeyCap hint>{cap}</KeyCap>}
    </button>
  );
}

/** A key as printed on a keyboard. As a hint it is hidden on devices without one, and from screen readers. */
export function KeyCap({ children, hint = false }: { children: ReactNode; hint?: boolean }) {
  return (
    <kbd className="key-cap" data-hint={hint} aria-hidden={hint || undefined}>
      {children}
    </kbd>
  );
}
