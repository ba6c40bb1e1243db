/** Segmented choice, select and progress bar. */
import { useRef, type ReactNode } from 'react';

export interface Option<T> {
  value: T;
  label: string;
}

/** One of a few values, all in sight. */
export function Segmented<T extends string | number>(props: {
  label: string;
  value: T;
  options: readonly Option<T>[];
  onChange(value: T): void;
}) {
  return (
    <div className="segmented" role="group" aria-label={props.label}>
      {props.options.map(({ value, label }) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === props.value}
          onClick={() => props.onChange(value)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

/** One of several numbers. A value that is not among the options is offered as well. */
export function NumberSelect(props: {
  label: string;
  value: number;
  options: readonly number[];
  show(value: number): string;
  disabled?: boolean;
  onChange(value: number): void;
}) {
  const options = [...new Set([...props.options, props.value])].sort((first, second) => first - second);
  // Chosen with a pointer, the field lets go of the keyboard, so that arrow keys are votes again.
  const pointed = useRef(false);
  return (
    <label className="field">
      {props.label}
      <select
        className="select"
        value={props.value}
        disabled={props.disabled}
        onPointerDown={() => {
          pointed.current = true;
        }}
        onKeyDown={() => {
          pointed.current = false;
        }}
        onChange={(event) => {
          props.onChange(Number(event.target.value));
          if (pointed.current) event.target.blur();
        }}
      >
        {options.map((value) => (
          <option key={value} value={value}>
            {props.show(value)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** How much of something is done; `children` say it in words. */
export function Progress({ share, label, children }: { share: number; label: string; children?: ReactNode }) {
  const percent = Math.round(100 * Math.max(0, Math.min(1, share)));
  return (
    <div>
      <div
        className="progress"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
      >
        <div className="progress-bar" style={{ transform: `scaleX(${percent / 100})` }} />
      </div>
      {children}
    </div>
  );
}
