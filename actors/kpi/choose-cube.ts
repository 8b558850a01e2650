/** From what a query asks for to the cube that answers it, or to a refusal that says what can be asked. */
import { AppError } from '../../protocol/errors.ts';
import { type CubeName, cubeOf, type DimensionName } from './cubes.ts';
import { ASKED_CUBES, BY_ITEMS, type MetricName, metricsOf } from './metrics.ts';

export function chooseCube(dimensions: readonly DimensionName[], metrics: readonly MetricName[]): CubeName {
  const holding = ASKED_CUBES.filter((cube) => canAnswer(cube, dimensions));
  const [smallest] = holding;
  if (!smallest) throw noCube(dimensions);
  const chosen = holding.find((cube) => metrics.every((metric) => metricsOf(cube).includes(metric)));
  if (chosen) return chosen;
  const missing = metrics.filter((metric) => !metricsOf(smallest).includes(metric));
  const by = dimensions.join(' x ') || 'nothing but minute';
  throw new AppError(
    'bad-parameter',
    `Cannot answer ${missing} by ${by} as these metrics go with it: ${metricsOf(smallest).join(', ')}`,
    { field: 'metrics' },
  );
}

/** A cube of items counts an order once a category or product: only who asks by them may be answered from there. */
function canAnswer(cube: CubeName, dimensions: readonly DimensionName[]): boolean {
  const held = cubeOf(cube).dims;
  const surplus = held.filter((dimension) => !dimensions.includes(dimension));
  return dimensions.every((dimension) => held.includes(dimension)) && !surplus.some((each) => BY_ITEMS.includes(each));
}

function noCube(dimensions: readonly DimensionName[]): AppError {
  const held = ASKED_CUBES.map((cube) => cubeOf(cube).dims.join(' x ')).filter((text) => text !== '');
  return new AppError(
    'bad-parameter',
    `Cannot combine ${dimensions.join(' x ')} as these exist, each with minute or without: ${held.join(', ')}`,
    { field: 'group_by' },
  );
}
