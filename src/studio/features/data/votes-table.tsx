/** Every vote, the last one first. An undone vote stays in sight, struck through. */
import { standingVotes, type VoteAdded } from '../../../protocol/records.ts';
import { useLabelling, useStudio } from '../../stores/context.ts';
import { sceneSentence } from '../../stores/scene-sentence.ts';
import { Button } from '../../ui/button.tsx';
import { numbersOf, shownRows } from './vote-numbers.ts';

const choices: Record<VoteAdded['choice'], string> = {
  left: 'Left',
  right: 'Right',
  tie: 'Tie',
  'both-bad': 'Both bad',
  skip: 'Skip',
};

export function VotesTable() {
  const studio = useStudio();
  const events = useLabelling((state) => state.events);
  const saves = useLabelling((state) => state.saves);
  const pairs = useLabelling((state) => state.pairs);
  const standing = new Set(standingVotes(events).map((vote) => vote.id));
  const numbers = numbersOf(events);
  const votes = events.filter((event): event is VoteAdded => event.kind === 'vote.added');
  if (votes.length === 0) return <p className="hint">No votes yet.</p>;
  const sceneOf = (vote: VoteAdded) => pairs.find((pair) => pair.id === vote.pairId)?.description ?? '';
  const sentenceOf = (vote: VoteAdded) => sceneSentence(sceneOf(vote));
  return (
    <table>
      <thead>
        <tr>
          <th>Vote</th>
          <th>Choice</th>
          <th>Scene</th>
          <th>By</th>
          <th className="number">Took</th>
          <th>State</th>
          <th>
            <span className="visually-hidden">Undo</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {votes
          .slice(-shownRows)
          .reverse()
          .map((vote) => (
            <tr
              key={vote.id}
              data-vote-id={vote.id}
              data-standing={standing.has(vote.id)}
              data-save={saves[vote.id]}
            >
              <td>#{numbers.get(vote.id)}</td>
              <td>{choices[vote.choice]}</td>
              <td className="wide">{sentenceOf(vote)}</td>
              <td>{vote.automatic ? 'Automatic' : vote.input}</td>
              <td className="number">{vote.automatic ? '' : `${(vote.latency / 1000).toFixed(1)} s`}</td>
              <td>{standing.has(vote.id) ? (saves[vote.id] ?? '') : 'undone'}</td>
              <td>
                {standing.has(vote.id) && (
                  <Button tone="quiet" onClick={() => studio.labelling.remove(vote.id)}>
                    Undo
                  </Button>
                )}
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
