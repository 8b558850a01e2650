/** Events as JSON bytes, in the key order of the contracts; after each call the key's place stands in keyStart and keyEnd. */
import { type ByteWriter, fragment } from './byte-writer.ts';
import type { Catalogue, Product } from './catalogue.ts';
import type { ClickCatalogue } from './click-catalogue.ts';
import { SLOT_LENGTHS_MS } from './options.ts';
import { FATE, STEP } from './order-classes.ts';
import type { OrderModel } from './order-model.ts';
import { PAYMENT_TYPES, SEGMENTS, STATES } from './profile.ts';

const ORDER = fragment('{"type":"order","order_id":"');
const DELIVERY = fragment('{"type":"delivery","order_id":"');
const REFUND = fragment('{"type":"refund","order_id":"');
const RESTOCK = fragment('{"type":"restock","timestamp":');
const CLICK_HEAD = fragment('{"type":"click","timestamp":');
const TIME = fragment('","timestamp":');
const CUSTOMER = fragment(',"customer_id":"');
const STATE_SEGMENT = STATES.map(([state]) =>
  SEGMENTS.map(([segment]) => fragment(`","customer_state":"${state}","segment":"${segment}","payment_type":"`)),
);
const PAYMENT_STATUSES = ['approved', 'failed', 'pending'];
const PAYMENT = PAYMENT_TYPES.map(([type]) =>
  PAYMENT_STATUSES.map((status) => fragment(`${type}","payment_status":"${status}","items":[`)),
);
const SHIPPING = fragment('],"shipping_cost":');
const VALUE = fragment(',"payment_value":');
const WAREHOUSE = fragment(',"warehouse_id":"');
const WAREHOUSE_AFTER_TEXT = fragment('","warehouse_id":"');
const COURIER = fragment('","courier_id":"');
const END_TEXT = fragment('"}');
const STATUS: Readonly<Record<number, Uint8Array>> = {
  [STEP.pending]: fragment(',"status":"pending","expected_time":'),
  [STEP.shipped]: fragment(',"status":"shipped","expected_time":'),
  [STEP.delivered]: fragment(',"status":"delivered","expected_time":'),
  [STEP.returned]: fragment(',"status":"returned","expected_time":'),
};
const ACTUAL = fragment(',"actual_time":');
const NULL = fragment('null');
const STATE = STATES.map(([state]) => fragment(`,"customer_state":"${state}`));
const AMOUNT = fragment(',"amount":');
const REASON: Readonly<Record<number, Uint8Array>> = {
  [FATE.canceled]: fragment('","reason":"canceled"}'),
  [FATE.unavailable]: fragment('","reason":"unavailable"}'),
};
const RETURN_REASONS = ['damaged', 'wrong_item', 'not_as_described', 'regret'].map((reason) =>
  fragment(`","reason":"${reason}"}`),
);
const PRODUCT = fragment('","product_id":"');
const QUANTITY = fragment('","quantity":');
const CLICKS = ['view', 'cart', 'purchase'].map((type) => fragment(`,"event_type":"${type}"`));
const SESSION = fragment('","user_session":"');
const NO_SESSION = fragment('","user_session":null}');

const ORDER_LETTER = 'o'.charCodeAt(0);
const CUSTOMER_LETTER = 'c'.charCodeAt(0);
const SESSION_LETTER = 's'.charCodeAt(0);
const USER_LETTER = 'u'.charCodeAt(0);
const COMMA = ','.charCodeAt(0);
const END = '}'.charCodeAt(0);
const SEED_LETTERS = 36 * 36;
/** Ids keep their length until then. */
const LAST_TIME = Date.UTC(2100, 0, 1);

export class EventWriter {
  readonly out: ByteWriter;
  keyStart = 0;
  keyEnd = 0;
  readonly #catalogue: Catalogue;
  readonly #clicks: ClickCatalogue;
  /** Which seed and which slot length: ids of different plans never meet. */
  readonly #mark: number;
  readonly #slotWidth: number;
  readonly #indexWidth: number;

  constructor(
    out: ByteWriter,
    parts: { catalogue: Catalogue; clicks: ClickCatalogue; seed: number; slotMs: number; mostPerSlot: number },
  ) {
    this.out = out;
    this.#catalogue = parts.catalogue;
    this.#clicks = parts.clicks;
    const length = (SLOT_LENGTHS_MS as readonly number[]).indexOf(parts.slotMs);
    this.#mark = (length + 1) * SEED_LETTERS + ((parts.seed >>> 0) % SEED_LETTERS);
    this.#slotWidth = digits36(LAST_TIME / parts.slotMs);
    this.#indexWidth = digits36(parts.mostPerSlot);
  }

  order(order: OrderModel): void {
    const { out } = this;
    out.ensure();
    out.put(ORDER);
    this.#orderKey(order);
    out.put(TIME);
    out.integer(order.time);
    out.put(CUSTOMER);
    this.#customer(order);
    out.put(STATE_SEGMENT[order.state]?.[order.segment] as Uint8Array);
    out.put(PAYMENT[order.paymentType]?.[order.paymentStatus] as Uint8Array);
    for (let line = 0; line < order.lines; line++) {
      const product = this.#catalogue.products[order.products[line] as number] as Product;
      if (line > 0) out.byte(COMMA);
      out.put(product.head);
      out.integer(order.quantities[line] as number);
      out.put(product.tail);
    }
    out.put(SHIPPING);
    out.money(order.shippingCents);
    out.put(VALUE);
    out.money(order.valueCents);
    out.put(WAREHOUSE);
    this.#warehouseAndCourier(order);
  }

  delivery(order: OrderModel, step: number, time: number): void {
    const { out } = this;
    out.ensure();
    out.put(DELIVERY);
    this.#orderKey(order);
    out.put(TIME);
    out.integer(time);
    out.put(STATUS[step] as Uint8Array);
    out.integer(order.promised);
    out.put(ACTUAL);
    if (step === STEP.delivered) out.integer(time);
    else out.put(NULL);
    out.put(STATE[order.state] as Uint8Array);
    out.put(WAREHOUSE_AFTER_TEXT);
    this.#warehouseAndCourier(order);
  }

  refund(order: OrderModel, time: number): void {
    const { out } = this;
    out.ensure();
    out.put(REFUND);
    this.#orderKey(order);
    out.put(TIME);
    out.integer(time);
    out.put(AMOUNT);
    out.money(order.valueCents);
    out.put(STATE[order.state] as Uint8Array);
    const back = RETURN_REASONS[(order.slot + order.index) % RETURN_REASONS.length];
    out.put(REASON[order.fate] ?? (back as Uint8Array));
  }

  restock(time: number, warehouse: number, product: number, quantity: number): void {
    const { out } = this;
    out.ensure();
    out.put(RESTOCK);
    out.integer(time);
    out.put(WAREHOUSE);
    out.put(this.#catalogue.warehouses[warehouse] as Uint8Array);
    out.put(PRODUCT);
    this.keyStart = out.length;
    out.put((this.#catalogue.products[product] as Product).id);
    this.keyEnd = out.length;
    out.put(QUANTITY);
    out.integer(quantity);
    out.byte(END);
  }

  click(click: {
    time: number;
    kind: number;
    product: number;
    user: number;
    slot: number;
    index: number;
    anonymous: boolean;
  }): void {
    const { out } = this;
    out.ensure();
    out.put(CLICK_HEAD);
    out.integer(click.time);
    out.put(CLICKS[click.kind] as Uint8Array);
    out.put(this.#clicks.middles[click.product] as Uint8Array);
    this.keyStart = out.length;
    out.byte(USER_LETTER);
    out.integer(click.user);
    this.keyEnd = out.length;
    if (click.anonymous) {
      out.put(NO_SESSION);
      return;
    }
    out.put(SESSION);
    this.#id(SESSION_LETTER, click.slot, click.index);
    out.put(END_TEXT);
  }

  #orderKey(order: OrderModel): void {
    this.keyStart = this.out.length;
    this.#id(ORDER_LETTER, order.slot, order.index);
    this.keyEnd = this.out.length;
  }

  #customer(order: OrderModel): void {
    if (order.customer < 0) {
      this.#id(CUSTOMER_LETTER, order.slot, order.index);
      return;
    }
    this.out.byte(CUSTOMER_LETTER);
    this.out.integer(order.customer + 1);
  }

  #id(letter: number, slot: number, index: number): void {
    this.out.byte(letter);
    this.out.base36(this.#mark, 3);
    this.out.base36(slot, this.#slotWidth);
    this.out.base36(index, this.#indexWidth);
  }

  #warehouseAndCourier(order: OrderModel): void {
    const { out } = this;
    out.put(this.#catalogue.warehouses[order.warehouse] as Uint8Array);
    out.put(COURIER);
    out.put(this.#catalogue.couriers[order.courier] as Uint8Array);
    out.put(END_TEXT);
  }
}

function digits36(most: number): number {
  return Math.max(2, Math.ceil(Math.log(most + 1) / Math.log(36)));
}
