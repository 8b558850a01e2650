/**
 * How people click in a real shop, in aggregates. Source: "eCommerce events history in electronics store" (2020-2021)
 * for the event mix, empty fields, hours, brands and prices, and the first rows of its sibling "eCommerce behavior data
 * from multi category store" (2019) for the pace inside a session and the smaller categories; both by Michael Kechinov
 * and the REES46 Marketing Platform (Kaggle mkechinov), free to use with the source named.
 */

/** A session of the electronics store holds 1.8046 events; per view there are so many carts, per cart so many purchases. */
export const SESSION = { events: 1.8046, cartsPerView: 0.06808, purchasesPerCart: 0.69114 } as const;

/** Gap between two events of a session: ln seconds, and its median by transition. */
export const GAP = { sigma: 0.9682, viewView: 32, viewCart: 28.5, cartPurchase: 69, afterCart: 34 } as const;
/** Gaps are cut here; 1 in 10,000 is longer. */
export const LONGEST_GAP_MS = 20 * 60_000;

export const NULL_SHARES = { category: 0.26688, brand: 0.23992, session: 0.000186 } as const;

/** Views by hour of the day, of the shop's own local time (UTC+3). */
export const CLICK_HOURS = [
  23351, 15459, 11135, 9297, 9081, 10162, 13730, 19027, 26703, 35459, 41946, 44649, 46703, 47135, 47676, 46919, 45514,
  44108, 43784, 44973, 46486, 45622, 40865, 33189,
] as const;

/** Quantiles of the price over all events. */
export const CLICK_PRICES: readonly (readonly [number, number])[] = [
  [0, 0.37],
  [0.05, 10.48],
  [0.25, 21.98],
  [0.5, 52.9],
  [0.75, 130],
  [0.95, 399.48],
  [0.999, 4200],
  [1, 64771.06],
];

/**
 * Category, events, typical ln price. The first ten are the electronics store's own counts; the rest fills its
 * "other 97" with the sibling's categories in their proportions. A ln price only says who is dearer than whom.
 */
export const CLICK_CATEGORIES: readonly (readonly [string, number, number])[] = [
  ['electronics.telephone', 10508, 3.3],
  ['computers.peripherals.printer', 6007, 4.8],
  ['stationery.cartrige', 5482, 2.9],
  ['computers.components.cpu', 3510, 5.0],
  ['electronics.audio.acoustic', 3258, 3.9],
  ['computers.notebook', 3209, 6.4],
  ['computers.components.videocards', 3132, 5.7],
  ['computers.components.motherboard', 3050, 4.4],
  ['electronics.tablet', 2166, 5.6],
  ['electronics.clocks', 5120, 4.9],
  ['electronics.audio.headphone', 3672, 4.2],
  ['appliances.kitchen.refrigerators', 3007, 5.7],
  ['appliances.environment.vacuum', 2497, 4.7],
  ['appliances.environment.air_heater', 2269, 3.6],
  ['electronics.video.tv', 2242, 5.9],
  ['auto.accessories.player', 2233, 4.5],
  ['appliances.kitchen.washer', 2041, 5.8],
  ['auto.accessories.alarm', 1221, 4.7],
  ['computers.desktop', 1066, 6.3],
  ['appliances.kitchen.microwave', 848, 4.5],
  ['appliances.environment.water_heater', 820, 4.6],
  ['electronics.audio.subwoofer', 802, 4.5],
  ['appliances.iron', 802, 3.4],
  ['computers.peripherals.monitor', 419, 5.1],
  ['computers.components.hdd', 319, 4.3],
  ['computers.peripherals.mouse', 246, 2.8],
  ['computers.peripherals.keyboard', 228, 3.2],
  ['computers.components.memory', 210, 3.9],
];

/** Brand and events: nine of the electronics store, then the sibling's in proportion to fill its "other 812". */
export const CLICK_BRANDS: readonly (readonly [string, number])[] = [
  ['amd', 3181],
  ['samsung', 2651],
  ['canon', 2613],
  ['asus', 2339],
  ['sirius', 1682],
  ['hp', 1477],
  ['gigabyte', 1399],
  ['pioneer', 1359],
  ['panasonic', 1312],
];
/** Further brands share `events` by rank (slope 1.03 in the sibling set). */
export const OTHER_BRANDS = {
  events: 56097,
  slope: 1.029,
  names:
    'apple xiaomi huawei bosch lucente lg acer elenberg artel lenovo sony cordiant redmond dauscher oppo nokia casio triangle vitek sv starline polaris respect philips vivo nokian msi intel epson logitech brother kingston dell xerox tefal braun hitachi toshiba jbl canyon defender sandisk'.split(
      ' ',
    ),
} as const;
