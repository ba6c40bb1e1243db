/** The vote: two large buttons under their clips, ties between them, reasons below. */
import { ArrowLeft, ArrowRight, Undo2 } from 'lucide-react';
import type { MouseEvent } from 'react';
import { Reason, standingVotes, type Choice } from '../../../protocol/records.ts';
import { useLabelling, useSettings, useStudio } from '../../stores/context.ts';
import { capOf, reasonLabels } from '../../stores/shortcuts.ts';
import { Button } from '../../ui/button.tsx';

export function VoteBar() {
  const studio = useStudio();
  const open = useLabelling((state) => state.current !== null && state.voted === null);
  const voted = useLabelling((state) => state.voted?.choice);
  const automatic = useLabelling((state) => state.automatic.running);
  const keys = useSettings((state) => state.shortcuts);
  const disabled = !open || automatic;
  const cap = (choice: Choice) => (keys ? capOf(`vote.${choice}`) : undefined);
  const vote = (choice: Choice) => ({
    disabled,
    'data-vote': choice,
    'aria-pressed': voted === choice,
    onClick: ({ nativeEvent }: MouseEvent) => studio.labelling.vote(choice, inputOf(nativeEvent)),
  });
  return (
    <div className="vote-bar" role="group" aria-label="Vote">
      <Button icon={<ArrowLeft size={18} aria-hidden />} {...vote('left')}>
        Left
      </Button>
      <Button cap={cap('tie')} {...vote('tie')}>
        Tie
      </Button>
      <Button cap={cap('both-bad')} {...vote('both-bad')}>
        Both bad
      </Button>
      <Button {...vote('right')}>
        Right
        <ArrowRight size={18} aria-hidden />
      </Button>
      <div className="vote-more">
        <Reasons disabled={disabled} keys={keys} />
        <Afterthoughts skip={vote('skip')} keys={keys} automatic={automatic} />
      </div>
    </div>
  );
}

/** What pressed a button. A click from the keyboard has no pointer. */
function inputOf(event: globalThis.MouseEvent): 'key' | 'mouse' | 'touch' {
  if (event.detail === 0) return 'key';
  return event instanceof PointerEvent && event.pointerType === 'touch' ? 'touch' : 'mouse';
}

function Reasons({ disabled, keys }: { disabled: boolean; keys: boolean }) {
  const studio = useStudio();
  const reasons = useLabelling((state) => state.reasons);
  return (
    <div className="reasons" role="group" aria-label="Why not the other one (optional)">
      <span className="reasons-label">The other</span>
      {Reason.options.map((reason) => (
        <button
          key={reason}
          type="button"
          className="chip"
          disabled={disabled}
          aria-pressed={reasons.includes(reason)}
          onClick={() => studio.labelling.toggleReason(reason)}
        >
          {keys && (
            <span className="chip-key" aria-hidden>
              {capOf(`reason.${reason}`)}
            </span>
          )}
          {reasonLabels[reason].toLowerCase()}
        </button>
      ))}
    </div>
  );
}

function Afterthoughts(props: { skip: object; keys: boolean; automatic: boolean }) {
  const studio = useStudio();
  const any = useLabelling((state) => standingVotes(state.events).length > 0);
  const voted = useLabelling((state) => state.voted !== null);
  const ready = useLabelling((state) => state.upcoming.length > 0);
  const stalled = useLabelling((state) => state.stalled);
  const advance = useSettings((state) => state.advance);
  return (
    <div className="afterthoughts">
      {voted && (!advance || stalled) && !props.automatic && (
        <Button
          tone="quiet"
          cap={props.keys ? capOf('pair.next') : undefined}
          disabled={!ready && !stalled}
          onClick={studio.labelling.next}
        >
          Next pair
        </Button>
      )}
      <Button tone="quiet" cap={props.keys ? capOf('vote.skip') : undefined} {...props.skip}>
        Skip
      </Button>
      <Button
        tone="quiet"
        icon={<Undo2 size={16} aria-hidden />}
        cap={props.keys ? capOf('vote.undo') : undefined}
        disabled={!any || props.automatic}
        onClick={studio.labelling.undo}
      >
        Undo
      </Button>
    </div>
  );
}
