/** Good events of every type and dialect, as JSON text with odd but legal contents. */
import { array, type Field, id, integer, money, object, text, time } from './hostile-values.ts';
import type { Random } from './random.ts';

/** What events name: few enough that figures meet, strange enough that a careless key or escape shows. */
export const STATES = [
  ...['SP', 'RJ', 'MG', 'RS', 'PR', 'SC', 'BA', 'DF', 'ES', 'GO', 'PE', 'CE', 'PA', 'MT', 'MA', 'MS', 'PB', 'AM'],
  ...['São Paulo', 'Sa\u0303o Paulo', 'Île-de-France', '東京', 'Ωmega', '🚚🇧🇷', 'NY/NJ', 'A|B', 'A', "O'Neil"],
  ...['x'.repeat(32), 'ç'.repeat(32), '%2F', 'a b', ' SP', 'sp', '"quoted"', 'back\\slash', 'tab\there', '1', '0'],
  ...['__proto__', 'constructor', 'null', 'unknown', 'a,b', 'nul\u0000', 'bell\u0007'],
];
export const CATEGORIES = [
  ...['bed_bath_table', 'health_beauty', 'sports_leisure', 'furniture_decor', 'computers_accessories', 'housewares'],
  ...['watches_gifts', 'telephony', 'garden_tools', 'auto', 'toys', 'cool_stuff', 'perfumery', 'baby', 'electronics'],
  ...[
    'móveis_decoração',
    'B|C',
    'C',
    'B',
    '玩具',
    '__proto__',
    'toString',
    'x,y',
    '100%',
    'l'.repeat(300),
    '😀',
    ''.padEnd(3),
  ],
];
const PAYMENT_TYPES = ['credit_card', 'boleto', 'voucher', 'debit_card', 'pix', 'cartão', '__proto__'];
const SEGMENTS = ['retail', 'b2b', 'vip', 'não informado', 'A|B', 'hasOwnProperty'];
const PRODUCTS = 1500;

export type Maker = { random: Random; orders: number; customers: number };

export function order(maker: Maker, at: number): Field[] {
  const { random } = maker;
  const items = orderItems(maker, 'product_id');
  const fields: Field[] = [
    ['type', '"order"'],
    ['order_id', orderId(maker)],
    ['timestamp', time(random, at)],
    ['customer_id', customer(maker)],
    ['customer_state', text(random, STATES[random.skewed(STATES.length)] as string)],
    ['segment', text(random, random.pick(SEGMENTS))],
    ['payment_type', text(random, random.pick(PAYMENT_TYPES))],
    [
      'payment_status',
      `"${random.pick(['approved', 'approved', 'approved', 'approved', 'failed', 'pending', 'unknown'])}"`,
    ],
    ['items', items],
    ['shipping_cost', money(random, random.between(0, 5000))],
    ['payment_value', money(random, amount(random))],
    ['warehouse_id', id(random, `${random.between(1, 9)}`)],
    ['courier_id', text(random, `k${random.between(1, 30)}`)],
  ];
  return sparse(random, fields, [
    'customer_id',
    'segment',
    'payment_type',
    'payment_status',
    'shipping_cost',
    'courier_id',
  ]);
}

export function flat(maker: Maker, at: number): Field[] {
  const { random } = maker;
  return [
    ['order_id', orderId(maker)],
    ['timestamp', time(random, at)],
    ['customer_state', text(random, STATES[random.skewed(STATES.length)] as string)],
    ['items', orderItems(maker, 'product')],
    ['payment_value', money(random, amount(random))],
  ];
}

export function innerOrder(maker: Maker, at: number): Field[] {
  const { random } = maker;
  return [
    ['order_id', orderId(maker)],
    ['user_id', customer(maker)],
    ['order_time', time(random, at)],
    ['total_amount', money(random, amount(random))],
    ['discount', money(random, random.between(0, 900))],
    ['quantity', `${random.between(1, 9)}`],
    ['payment_type', text(random, random.pick(PAYMENT_TYPES))],
  ];
}

export function nested(maker: Maker, at: number): Field[] {
  const { random } = maker;
  const inner = innerOrder(maker, at);
  const orderIdText = inner[0]?.[1] as string;
  const items = Array.from({ length: random.between(1, 4) }, (_, place) =>
    object(random, [
      ['order_item_id', `${place + 1}`],
      ['order_id', orderIdText],
      ['product_id', product(random)],
      ['quantity', integer(random, random.between(1, 5))],
      ['price', money(random, amount(random))],
    ]),
  );
  const arrived = random.chance(0.5);
  const delivery: Field[] = [
    ['delivery_id', `"d${maker.orders}"`],
    ['order_id', orderIdText],
    ['status', arrived ? '"delivered"' : `"${random.pick(['pending', 'shipped', 'returned'])}"`],
    ['expected_time', time(random, at + 86_400_000)],
    ['actual_time', arrived ? time(random, at + random.between(3_600_000, 200_000_000)) : 'null'],
    ['courier_id', `${random.between(1, 30)}`],
  ];
  return [
    ['order', object(random, inner)],
    ['order_items', array(items)],
    ['delivery', object(random, delivery)],
  ];
}

export function delivery(maker: Maker, at: number): Field[] {
  const { random } = maker;
  const fields: Field[] = [
    ['type', '"delivery"'],
    ['order_id', text(random, `o${random.between(1, maker.orders + 1)}`)],
    ['timestamp', time(random, at)],
    ['status', `"${random.pick(['pending', 'shipped', 'delivered', 'returned'])}"`],
    ['expected_time', time(random, at + 86_400_000)],
    ['actual_time', random.chance(0.5) ? 'null' : time(random, at)],
    ['customer_state', text(random, random.pick(STATES))],
    ['warehouse_id', '"w3"'],
    ['courier_id', '"k7"'],
  ];
  return sparse(random, fields, ['expected_time', 'actual_time', 'customer_state', 'warehouse_id', 'courier_id']);
}

export function refund(maker: Maker, at: number): Field[] {
  const { random } = maker;
  const fields: Field[] = [
    ['type', '"refund"'],
    ['order_id', text(random, `o${random.between(1, maker.orders + 1)}`)],
    ['timestamp', time(random, at)],
    ['amount', money(random, amount(random))],
    ['customer_state', text(random, random.pick(STATES))],
    ['reason', text(random, random.pick(['damaged', 'não chegou', 'wrong size\n', '']) || 'late')],
  ];
  return sparse(random, fields, ['customer_state', 'reason']);
}

export function restock({ random }: Maker, at: number): Field[] {
  return [
    ['type', '"restock"'],
    ['timestamp', time(random, at)],
    ['warehouse_id', id(random, `${random.between(1, 9)}`)],
    ['product_id', product(random)],
    ['quantity', integer(random, random.between(-20, 1000))],
  ];
}

export function click(maker: Maker, at: number): Field[] {
  const { random } = maker;
  const fields: Field[] = [
    ['type', '"click"'],
    ['timestamp', time(random, at)],
    ['event_type', `"${random.pick(['view', 'view', 'view', 'cart', 'purchase'])}"`],
    ['product_id', product(random)],
    ['category_code', text(random, 'computers.notebook')],
    ['brand', text(random, random.pick(['asus', 'açaí', '三星', '"b"']))],
    ['price', random.chance(0.1) ? 'null' : money(random, amount(random))],
    ['user_id', id(random, `${random.between(1, 5000)}`)],
    ['user_session', `"${random.between(1, 9e9).toString(16)}-5f"`],
  ];
  return sparse(random, fields, ['category_code', 'brand', 'price', 'user_id', 'user_session']);
}

function orderItems(maker: Maker, productField: string): string {
  const { random } = maker;
  const count = random.chance(0.0003) ? 1000 : 1 + random.skewed(5);
  const items = Array.from({ length: count }, () => {
    const fields: Field[] = [
      [productField, product(random)],
      ['category', text(random, CATEGORIES[random.skewed(CATEGORIES.length)] as string)],
      ['quantity', integer(random, random.chance(0.001) ? 1_000_000 : 1 + random.skewed(9))],
      ['price', money(random, amount(random))],
    ];
    if (random.chance(0.2)) fields.push(['product_name', text(random, 'Notebook "Açaí" 15\u2033 — édition 😀')]);
    return object(random, random.chance(0.03) ? fields.filter(([name]) => name !== 'category') : fields);
  });
  return array(items);
}

/** Mostly a new id; sometimes one that was used before, sometimes an integer, sometimes a long or odd one. */
function orderId(maker: Maker): string {
  const { random } = maker;
  const number = ++maker.orders;
  if (random.chance(0.02)) return text(random, `o${random.between(1, number)}`);
  if (random.chance(0.02)) return id(random, `${number}`);
  if (random.chance(0.01)) return text(random, `o-${number}-${random.pick(['ção', '😀', '"', '\\', '/', ' '])}`);
  if (random.chance(0.002)) return text(random, `${number}`.padEnd(200, random.pick(['x', 'é'])));
  return `"o${number}"`;
}

function customer({ random, customers }: Maker): string {
  const who = random.between(1, customers);
  return who % 5 === 0 ? id(random, `${who}`) : text(random, `c${who}`);
}

function product(random: Random): string {
  const which = random.skewed(PRODUCTS);
  return which % 7 === 0
    ? id(random, `${which + 1}`)
    : text(random, which % 11 === 0 ? `produção-${which}` : `p${which}`);
}

function amount(random: Random): number {
  if (random.chance(0.02)) return 0;
  if (random.chance(0.00001)) return 10_000_000_000_000;
  return random.chance(0.1) ? random.between(0, 500) * 100 : random.between(1, 250_000);
}

/** The same fields with some of the optional ones left out or null. */
function sparse(random: Random, fields: readonly Field[], optional: readonly string[]): Field[] {
  if (random.chance(0.8)) return [...fields];
  const gone = random.pick(optional);
  return random.chance(0.5)
    ? fields.filter(([name]) => name !== gone)
    : fields.map(([name, json]): Field => [name, name === gone ? 'null' : json]);
}
