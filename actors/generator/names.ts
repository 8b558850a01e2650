/** Names for what the shop holds, made by faker once at the start (it is far too slow to be asked per event). */
import { faker } from '@faker-js/faker/locale/pt_BR';
import type { NameSource } from './catalogue.ts';
import { hashText } from './random.ts';

/** What is sold in a category, in the shop's language; the many small categories share the last line. */
const GOODS: Readonly<Record<string, string>> = {
  bed_bath_table: 'Jogo de cama,Toalha de banho,Edredom,Toalha de mesa,Colcha',
  health_beauty: 'Hidratante,Protetor solar,Shampoo,Secador,Vitamina C',
  sports_leisure: 'Bicicleta,Tênis de corrida,Barraca,Bola,Halter',
  furniture_decor: 'Luminária,Almofada,Quadro,Tapete,Espelho',
  computers_accessories: 'Mouse,Teclado,Pen drive,Webcam,Suporte de notebook',
  housewares: 'Panela,Jogo de copos,Faqueiro,Pote hermético,Frigideira',
  watches_gifts: 'Relógio,Pulseira,Relógio digital,Caixa de presente',
  telephony: 'Capa de celular,Carregador,Película,Fone com fio,Celular',
  garden_tools: 'Mangueira,Vaso,Tesoura de poda,Regador,Churrasqueira',
  auto: 'Capa de banco,Som automotivo,Pneu,Lâmpada de farol,Tapete de carro',
  toys: 'Boneca,Quebra-cabeça,Carrinho,Jogo de tabuleiro,Pelúcia',
  cool_stuff: 'Luminária retrô,Caneca,Mini projetor,Drone',
  perfumery: 'Perfume,Colônia,Desodorante,Água de toalete',
  baby: 'Carrinho de bebê,Mamadeira,Berço,Cadeirinha,Manta',
  electronics: 'Caixa de som,Fone de ouvido,Cabo HDMI,Controle remoto',
  stationery: 'Caderno,Mochila escolar,Estojo,Caneta tinteiro',
  fashion_bags_accessories: 'Bolsa,Carteira,Cinto,Óculos de sol',
  pet_shop: 'Ração,Cama para cães,Arranhador,Coleira',
  office_furniture: 'Cadeira de escritório,Mesa,Estante,Gaveteiro',
  consoles_games: 'Controle,Console,Jogo,Headset',
  luggage_accessories: 'Mala de viagem,Mochila,Necessaire',
  home_appliances: 'Aspirador,Ventilador,Ferro de passar',
  musical_instruments: 'Violão,Teclado musical,Flauta,Pedal',
  small_appliances: 'Liquidificador,Cafeteira,Batedeira',
  books_general_interest: 'Romance,Biografia,Guia de viagem',
  food: 'Café,Chocolate,Azeite',
  drinks: 'Vinho,Suco,Chá',
  computers: 'Notebook,Computador,Mini PC',
  air_conditioning: 'Ar-condicionado,Climatizador',
  audio: 'Soundbar,Amplificador,Microfone',
};
const ANY_GOODS = 'Kit,Conjunto,Peça,Modelo,Acessório';

/** @example const names = fakerNames('42'); names.product('toys') // 'Boneca Moraes verde' */
export function fakerNames(seed: string): NameSource {
  faker.seed(hashText(seed));
  return {
    product: (category) => {
      const noun = faker.helpers.arrayElement((GOODS[category] ?? ANY_GOODS).split(','));
      return `${noun} ${faker.person.lastName()} ${faker.color.human()}`;
    },
    town: () => faker.location.city(),
    person: () => faker.person.firstName(),
  };
}
