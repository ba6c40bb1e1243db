/**
 * A small live chart (uPlot): for each quantity the raw points, their moving average and a min/max band.
 *
 * Charts that share `link` share one cursor. Colours come from custom properties, resolved when the chart is
 * made; a change of `scheme` makes it anew.
 */
import { useEffect, useLayoutEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface Quantity {
  name: string;
  /** A custom property, such as --accent. */
  colour: string;
  raw: (number | null)[];
  average: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
}

interface LineChartProps {
  label: string;
  /** [steps], ascending. */
  steps: number[];
  quantities: Quantity[];
  /** A horizontal line with a meaning of its own. */
  reference?: { value: number; label: string };
  /** The least range that the value axis shows. */
  range: readonly [number, number];
  link: string;
  scheme: 'light' | 'dark';
  height: number;
  /** Only the lowest of several charts names its steps. */
  stepAxis: boolean;
  onCursor(step: number | null): void;
}

export function LineChart(props: LineChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(props);
  useLayoutEffect(() => {
    latest.current = props;
  });
  const names = props.quantities.map((quantity) => quantity.name).join();

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const made = new uPlot(optionsFor(element, latest), dataOf(latest.current), element);
    chart.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: latest.current.height }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [names, props.scheme, props.link, props.stepAxis]);

  useEffect(() => {
    chart.current?.setData(dataOf(latest.current));
  }, [props.steps, props.quantities]);

  return <div ref={host} className="line-chart" role="img" aria-label={props.label} />;
}

function dataOf({ steps, quantities }: LineChartProps): uPlot.AlignedData {
  return [
    steps,
    ...quantities.flatMap((quantity) => [quantity.high, quantity.low, quantity.raw, quantity.average]),
  ];
}

function optionsFor(element: HTMLElement, latest: { current: LineChartProps }): uPlot.Options {
  const { quantities, link, height, stepAxis } = latest.current;
  const style = getComputedStyle(element);
  const resolve = resolverOf(element);
  const line = resolve('--line');
  const axis = {
    stroke: resolve('--ink-3'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height,
    padding: [6, 10, stepAxis ? 0 : 4, 0],
    legend: { show: false },
    cursor: {
      sync: { key: link, setSeries: false },
      drag: { x: false, y: false },
      y: false,
      points: { size: 7, width: 2 },
    },
    scales: {
      x: { time: false, range: (_, low, high) => [Math.min(low ?? 0, 1), Math.max(high ?? 0, 20)] },
      y: {
        range: (_, low, high) => {
          const [least, most] = latest.current.range;
          const from = Math.min(low ?? least, least);
          const to = Math.max(high ?? most, most);
          const room = 0.06 * (to - from);
          return [from - room, to + room];
        },
      },
    },
    axes: [
      { ...axis, show: stepAxis, size: 22, gap: 4, space: 56, grid: { show: false } },
      { ...axis, size: 46, gap: 6, space: 26, values: (chart, values) => (chart.data[0].length === 0 ? [] : values.map(short)) },
    ],
    series: [
      {},
      ...quantities.flatMap((quantity): uPlot.Series[] => {
        const colour = resolve(quantity.colour);
        const edge: uPlot.Series = { stroke: colour, width: 0, points: { show: false } };
        return [
          { ...edge, label: `${quantity.name}, highest` },
          { ...edge, label: `${quantity.name}, lowest` },
          {
            label: quantity.name,
            stroke: colour,
            width: 0,
            paths: () => null,
            points: { show: true, size: 3.5, width: 0, fill: mixed(colour, 0.5) },
          },
          { label: `${quantity.name}, average`, stroke: colour, width: 1.6, points: { show: false } },
        ];
      }),
    ],
    bands: quantities.map((quantity, index) => ({
      series: [4 * index + 1, 4 * index + 2] as [number, number],
      fill: mixed(resolve(quantity.colour), 0.13),
    })),
    hooks: {
      drawAxes: [(chart) => drawReference(chart, latest.current.reference, resolve)],
      setCursor: [
        (chart) => {
          const index = chart.cursor.idx;
          latest.current.onCursor(index === null || index === undefined ? null : chart.data[0][index]);
        },
      ],
    },
  };
}

function drawReference(
  chart: uPlot,
  reference: LineChartProps['reference'],
  resolve: (property: string) => string,
) {
  if (!reference) return;
  const { ctx: context, bbox: box } = chart;
  const y = Math.round(chart.valToPos(reference.value, 'y', true));
  if (y < box.top || y > box.top + box.height) return;
  context.save();
  context.strokeStyle = resolve('--ink-3');
  context.fillStyle = resolve('--ink-3');
  context.lineWidth = devicePixelRatio;
  context.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  context.beginPath();
  context.moveTo(box.left, y);
  context.lineTo(box.left + box.width, y);
  context.stroke();
  context.font = `${11 * devicePixelRatio}px ${resolve('font-family')}`;
  context.textAlign = 'right';
  context.textBaseline = 'bottom';
  context.fillText(reference.label, box.left + box.width, y - 2 * devicePixelRatio);
  context.restore();
}

/** Resolves custom properties to colours that a canvas understands. */
function resolverOf(element: HTMLElement): (property: string) => string {
  const probe = document.createElement('span');
  return (property) => {
    if (!property.startsWith('--')) return getComputedStyle(element).getPropertyValue(property);
    probe.style.color = `var(${property})`;
    element.append(probe);
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  };
}

function mixed(colour: string, share: number): string {
  return `color-mix(in srgb, ${colour} ${Math.round(100 * share)}%, transparent)`;
}

/** A number in at most six characters. */
export function short(value: number | null): string {
  if (value === null) return '';
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 10_000)) {
    return value.toExponential(1).replace('.0e', 'e').replaceAll('-', '−');
  }
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return String(Number(value.toFixed(digits))).replace('-', '−');
}
