/** Names of what the shop counts by: keys come from events, words belong to the language. */
import type { Language } from './text.ts';

/** Categories of the public Olist set whose Portuguese name is more than its key with spaces. */
const CATEGORIES_PT: Readonly<Record<string, string>> = {
  bed_bath_table: 'Cama, mesa e banho',
  health_beauty: 'Beleza e saúde',
  sports_leisure: 'Esporte e lazer',
  furniture_decor: 'Móveis e decoração',
  computers_accessories: 'Informática',
  housewares: 'Utilidades domésticas',
  watches_gifts: 'Relógios e presentes',
  telephony: 'Telefonia',
  garden_tools: 'Ferramentas e jardim',
  auto: 'Automotivo',
  toys: 'Brinquedos',
  cool_stuff: 'Presentes criativos',
  perfumery: 'Perfumaria',
  baby: 'Bebês',
  electronics: 'Eletrônicos',
  stationery: 'Papelaria',
  fashion_bags_accessories: 'Bolsas e acessórios',
  pet_shop: 'Pet shop',
  office_furniture: 'Móveis de escritório',
  consoles_games: 'Consoles e jogos',
  luggage_accessories: 'Malas e acessórios',
  construction_tools_construction: 'Construção',
  home_appliances: 'Eletrodomésticos',
  musical_instruments: 'Instrumentos musicais',
  small_appliances: 'Eletroportáteis',
  home_construction: 'Casa e construção',
  books_general_interest: 'Livros',
  food: 'Alimentos',
  furniture_living_room: 'Móveis de sala',
  home_confort: 'Casa e conforto',
  drinks: 'Bebidas',
  audio: 'Áudio',
  computers: 'Computadores',
};

const WORDS: Readonly<Record<string, readonly [string, string]>> = {
  credit_card: ['Credit card', 'Cartão de crédito'],
  debit_card: ['Debit card', 'Cartão de débito'],
  boleto: ['Boleto', 'Boleto'],
  voucher: ['Voucher', 'Voucher'],
  pix: ['Pix', 'Pix'],
  not_defined: ['Not defined', 'Não definido'],
  unknown: ['Unknown', 'Desconhecido'],
  '(other)': ['Others', 'Outros'],
  retail: ['Retail', 'Varejo'],
  business: ['Business', 'Empresas'],
  premium: ['Premium', 'Premium'],
  new: ['New', 'Novos'],
  returning: ['Returning', 'Recorrentes'],
  vip: ['VIP', 'VIP'],
  win_back: ['Win-back', 'Reativados'],
};

export function categoryName(key: string, language: Language): string {
  return (language === 'pt-BR' ? CATEGORIES_PT[key] : undefined) ?? plainName(key, language);
}

/** A known word, else the key made readable: `bed_bath_table` is `Bed bath table`. */
export function plainName(key: string, language: Language): string {
  const known = WORDS[key]?.[language === 'en' ? 0 : 1];
  if (known !== undefined) return known;
  const text = key.replaceAll('_', ' ').trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Colour slots in which an entity is drawn; the colour follows it, never its rank. */
const SLOTS: Readonly<Record<string, number>> = {
  credit_card: 1,
  pix: 2,
  boleto: 3,
  voucher: 4,
  debit_card: 5,
  retail: 1,
  business: 2,
  premium: 3,
};
const MOST_SLOTS = 6;

/** A slot (1 to 6) for every key, 0 when none is left; unknown keys take what is free in order of their names. */
export function colourSlots(keys: readonly string[]): Map<string, number> {
  const taken = new Set(keys.map((key) => SLOTS[key]).filter((slot) => slot !== undefined));
  const free = Array.from({ length: MOST_SLOTS }, (_, index) => index + 1).filter((slot) => !taken.has(slot));
  const slots = new Map<string, number>();
  for (const key of [...keys].sort()) slots.set(key, SLOTS[key] ?? free.shift() ?? 0);
  return slots;
}
