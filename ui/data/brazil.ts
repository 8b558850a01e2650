/** The states of Brazil: code, name, column and row in the grid of tiles. */

export type StateTile = { readonly code: string; readonly name: string; readonly column: number; readonly row: number };

const TILES: readonly (readonly [code: string, name: string, column: number, row: number])[] = [
  ['RR', 'Roraima', 2, 1],
  ['AP', 'Amapá', 4, 1],
  ['AM', 'Amazonas', 2, 2],
  ['PA', 'Pará', 3, 2],
  ['MA', 'Maranhão', 4, 2],
  ['CE', 'Ceará', 5, 2],
  ['RN', 'Rio Grande do Norte', 6, 2],
  ['AC', 'Acre', 1, 3],
  ['RO', 'Rondônia', 2, 3],
  ['TO', 'Tocantins', 3, 3],
  ['PI', 'Piauí', 4, 3],
  ['PE', 'Pernambuco', 5, 3],
  ['PB', 'Paraíba', 6, 3],
  ['MT', 'Mato Grosso', 2, 4],
  ['GO', 'Goiás', 3, 4],
  ['BA', 'Bahia', 4, 4],
  ['SE', 'Sergipe', 5, 4],
  ['AL', 'Alagoas', 6, 4],
  ['MS', 'Mato Grosso do Sul', 2, 5],
  ['DF', 'Distrito Federal', 3, 5],
  ['MG', 'Minas Gerais', 4, 5],
  ['ES', 'Espírito Santo', 5, 5],
  ['SP', 'São Paulo', 3, 6],
  ['RJ', 'Rio de Janeiro', 4, 6],
  ['PR', 'Paraná', 3, 7],
  ['SC', 'Santa Catarina', 4, 7],
  ['RS', 'Rio Grande do Sul', 3, 8],
];

export const STATE_TILES: readonly StateTile[] = TILES.map(([code, name, column, row]) => ({
  code,
  name,
  column,
  row,
}));

/** The name of a state, or its code where it is none of Brazil's. */
export function stateName(code: string): string {
  return STATE_TILES.find((tile) => tile.code === code)?.name ?? code;
}
