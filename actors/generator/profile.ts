/**
 * How a real shop behaves, in aggregates: what the generator imitates. Counts, shares and moments only, no row of anybody.
 *
 * Source: Brazilian E-Commerce Public Dataset by Olist (2016-2018, Kaggle olistbr/brazilian-ecommerce; CC BY-NC-SA 4.0
 * covers its rows). Computed from the complete item, payment and customer tables; hours of the day and freight by state
 * are published full-table values; times to deliver are fitted on a sample of 4,071 orders (states with under
 * 60 sampled deliveries: published mean, pooled sigma). Money is BRL, hours are local time (UTC-3).
 * Shares that the public set does not hold are marked as assumptions.
 */

/** state, orders, late share of deliveries, ln days to deliver mu and sigma, mean freight of an item. */
export const STATES: readonly (readonly [string, number, number, number, number, number])[] = [
  ['SP', 41746, 0.0589, 1.9398, 0.6615, 15.15],
  ['RJ', 12852, 0.1347, 2.4724, 0.6827, 20.96],
  ['MG', 11635, 0.0561, 2.347, 0.5465, 20.63],
  ['RS', 5466, 0.0715, 2.5452, 0.515, 21.74],
  ['PR', 5045, 0.05, 2.3196, 0.5311, 20.53],
  ['SC', 3637, 0.0976, 2.5957, 0.5445, 21.47],
  ['BA', 3380, 0.1404, 2.8203, 0.545, 26.36],
  ['DF', 2140, 0.0707, 2.4427, 0.4921, 21.04],
  ['ES', 2033, 0.1223, 2.5005, 0.3827, 22.06],
  ['GO', 2020, 0.0818, 2.706, 0.507, 22.77],
  ['PE', 1652, 0.108, 2.8394, 0.4561, 32.92],
  ['CE', 1336, 0.1532, 2.875, 0.6046, 32.71],
  ['PA', 975, 0.1237, 2.9861, 0.6046, 35.83],
  ['MT', 907, 0.0677, 2.7104, 0.6046, 28.17],
  ['MA', 747, 0.1967, 2.889, 0.6046, 38.26],
  ['MS', 715, 0.1155, 2.5677, 0.6046, 23.37],
  ['PB', 536, 0.1103, 2.8332, 0.6046, 42.72],
  ['PI', 495, 0.1597, 2.7851, 0.6046, 39.15],
  ['RN', 485, 0.1076, 2.7763, 0.6046, 35.65],
  ['AL', 413, 0.2393, 3.0159, 0.6046, 35.84],
  ['SE', 350, 0.1522, 2.8848, 0.6046, 36.65],
  ['TO', 280, 0.1277, 2.6902, 0.6046, 37.25],
  ['RO', 253, 0.0288, 2.7809, 0.6046, 41.07],
  ['AM', 148, 0.0414, 3.0925, 0.6046, 33.21],
  ['AC', 81, 0.0375, 2.8665, 0.6046, 40.07],
  ['AP', 68, 0.0448, 3.1201, 0.6046, 34.01],
  ['RR', 46, 0.122, 3.1996, 0.6046, 42.98],
];

/** One category of products. Products without one are `unknown`, as an event without a category is counted. */
export type CategoryProfile = {
  readonly name: string;
  /** Items sold, and products on sale, in the public set. */
  readonly items: number;
  readonly products: number;
  /** Slope of sales by rank inside the category. */
  readonly slope: number;
  readonly freight: number;
  readonly priceMin: number;
  readonly priceMax: number;
  /** Spread of ln price: the fit, and the one above the last decile at which the mean price comes out as published. */
  readonly priceSigma: number;
  readonly tailSigma: number;
  readonly priceDeciles: readonly number[];
};

/** name | items | products | rank slope | mean freight | price min | max | ln sigma | nine price deciles */
const CATEGORY_ROWS = `
bed_bath_table 11115 3029 0.666 18.42 6.99 1999.98 0.6904 0.729 29.9 40.35 53 64 79.05 89.9 104.9 129.9 169.9
health_beauty 9670 2444 0.762 18.88 1.2 3124 0.9702 0.858 23.99 34.49 49.9 59.99 79.9 97.65 118.9 159 325
sports_leisure 8641 2867 0.576 19.51 4.5 4059 0.8435 1.15 25.6 39 49.9 62.9 78 99.9 119.8 149.9 209
furniture_decor 8334 2657 0.691 20.73 4.9 1899 0.7598 0.768 26.15 37.5 44.99 50.9 65.49 74.9 89.91 119.9 179.9
computers_accessories 7827 1639 0.763 18.82 3.9 3699.99 0.8526 1.273 24.99 34.91 49 69 81.99 99 129.9 149.9 196.91
housewares 6964 2335 0.572 20.99 3.06 6735 0.901 1.101 19 27.9 36.9 47.99 59.8 72 93 129 175.63
watches_gifts 5991 1329 0.884 16.78 8.99 3999.9 0.9099 0.855 39 55 78 105 129 155.97 190.83 237 490
telephony 4545 1134 0.661 15.67 5 2428 0.9216 1.25 16.5 19.9 24.99 27.99 29.99 29.99 39.99 69.81 174.95
garden_tools 4347 753 1.082 22.77 6.35 3930 0.7822 1.615 34.9 49.9 49.9 53.9 59.9 59.9 94.99 112.72 179.99
auto 4235 1900 0.717 21.88 3.49 2258 1.0175 1.283 20 29.9 47.26 59.9 84.9 112.33 139.99 179.49 278.54
toys 4117 1411 0.72 18.81 4.9 1699.99 0.7995 0.865 34.9 42.99 50 68.99 79.9 98.9 119.9 149 249.94
cool_stuff 3796 789 0.853 22.14 7 3109.99 0.8562 1.196 35 59.9 79.97 99.99 129.99 144.99 175.95 215 289
perfumery 3419 868 0.789 15.86 4.99 689.9 0.9269 0.496 19.99 42.9 55.9 56.99 84.99 115.72 129.9 179 271.6
baby 3065 919 0.692 22.3 3.54 3899 0.9089 1.397 29.9 39.9 49.9 59.9 77.98 109.45 127.4 159.9 240
electronics 2767 517 0.836 16.83 3.99 2470.5 0.9606 1.238 12.9 13.65 16.9 18.9 21.9 25.5 39 79 135.9
stationery 2517 849 0.694 18.59 2.29 1693 0.7809 0.75 23.9 38 49.9 66 79 89 99.9 129 169.9
fashion_bags_accessories 2031 849 0.755 15.48 6 1699.99 0.7343 1.09 24.9 29.99 35 48 49 49.99 69 86.7 149.9
pet_shop 1947 719 0.636 20.32 2.9 2498 0.7995 1.222 29.9 39.9 51.78 65.99 89.7 99.9 110 129.99 186
office_furniture 1691 309 1.033 40.55 25 1189.9 0.4482 0.781 79.99 99.98 118.9 129.94 144.99 159.99 179.9 194.99 239.99
unknown 1603 610 0.751 17.57 3 3980 0.9372 1.438 21.18 31.7 39.9 49.9 69.99 99.99 122.99 149 180
consoles_games 1137 317 0.914 17.44 5.18 4099.99 1.1203 1.067 19.9 24.5 33.86 40 59 79 104.18 189.98 359
luggage_accessories 1092 349 0.87 27.88 13.33 1197.9 0.6728 0.626 46 54.9 77 87.9 99.94 114.9 129.99 178.12 259
construction_tools_construction 929 400 0.665 22.23 0.85 2300 1.0529 1.513 24.33 37.9 45.97 58 89 109.9 139.54 186.1 299.99
home_appliances 771 370 0.733 19.22 6.19 2090 0.9891 1.63 17.65 26 32.9 36.5 47.59 69.9 92.9 129.99 183.75
musical_instruments 680 289 0.778 27.41 4.9 4399.87 1.1974 1.084 35 49 59.9 70 94.84 159.9 255 380.99 740.9
small_appliances 679 231 0.834 23.59 6.5 4799 1.2635 0.857 24.18 39.99 57.39 69.9 99 159.97 220 388.9 849
home_construction 604 225 0.786 22.9 8.97 1097.99 0.8697 0.853 37.64 40 54.4 79.9 95.2 119.85 139.99 186.9 298.8
books_general_interest 553 216 0.761 16.63 6 899.9 0.86 1.573 19.95 27.99 32.9 39.9 44.9 65 108.9 115 133.9
food 510 82 1.165 14.26 9.99 274.99 0.6438 0.713 20.49 27.9 27.9 29.15 48.95 56.97 66.39 82.49 109.9
furniture_living_room 503 156 0.882 35.72 13.9 839.99 0.7081 0.35 44.92 62.9 74.99 99 103.97 109.97 135.36 179.9 329.9
home_confort 434 111 0.795 19.59 6.99 799 0.7454 0.612 44.9 79.9 86.9 89.9 89.9 89.9 140.89 219 269
drinks 379 81 1.051 15.15 6 623 0.7772 1.188 15.49 20.5 31.62 40.35 47.49 47.49 55.65 59.49 111.79
audio 364 58 1.301 15.69 14.9 598.99 1.1565 0.234 14.9 19.9 34.99 60.2 89 106.9 140.9 190.9 467
market_place 311 104 0.861 17.54 9.99 1964 0.8231 0.903 25.99 29.9 32.99 47.9 62.8 72.9 84.9 143.8 189.9
construction_tools_lights 304 78 1.002 24.95 12.51 1290 0.8721 0.929 29.9 44.99 46 61.8 104.5 120 169.99 230 250
air_conditioning 297 124 0.747 22.72 10.9 1599 0.8868 1.037 34.9 59.9 89 122.36 139.99 172.9 190 223.5 363.9
kitchen_dining_laundry_garden_furniture 281 94 0.831 42.7 9.6 1320 0.8742 0.842 43.9 48.9 56.9 67.9 110 140 169.9 229.9 379
food_drink 278 104 0.825 16.22 6.5 699.9 0.7873 0.957 14.9 18.9 26 32.5 38.75 40.8 49.9 60 119.9
industry_commerce_and_business 268 68 1.027 29.42 27.9 3089 0.6398 1.887 58 74 79 87 103 104 110 128.6 190.41
books_technical 267 123 0.683 16.04 9.95 384.93 0.7198 1.035 22 28.18 35 44.94 57.49 57.89 68.99 99.72 138.36
fixed_telephony 264 116 0.733 17.57 6 1790 1.394 2.693 15.5 19.99 32.99 39.92 64.48 109.64 135.21 256 554.14
fashion_shoes 262 173 0.479 18.77 25.9 365 0.6687 0.24 29.9 32.9 36.72 71.82 77.4 84.9 87.5 147.92 199.7
costruction_tools_garden 238 88 0.745 22.32 8.82 1349.9 0.9817 1.106 23.69 28.45 33.06 39.36 48.95 68.9 99.98 141.7 255
home_appliances_2 238 90 0.769 44.54 13.9 2350 1.1485 1.004 56.69 139 159.9 204 225.94 399.9 499.61 684.74 1220.6
agro_industry_and_commerce 212 74 0.896 27.56 12.99 2990 1.4048 0.718 21.99 27.5 55.05 103.36 258.65 410 412 465 867.97
art 209 55 0.887 19.35 3.5 6499 0.6911 1.847 36.9 48.65 57 71 97.5 99.99 99.99 110.99 129.99
computers 203 30 1.275 48.45 34.5 6729 0.4934 0.785 599 619.99 706 790 1100 1200 1300 1349.99 1549.99
signaling_and_security 199 93 0.659 32.7 4.5 740 1.1586 1.409 9.5 20 38.9 55.2 75 89.9 116 151.99 214
construction_tools_safety 194 91 0.696 20.2 8.9 3099.9 1.0097 1.263 29 40.8 94.68 99 125.58 154.7 199.91 339.9 391.25
christmas_supplies 153 65 0.798 21.11 5.5 295 0.9846 0.736 9.37 12.7 19.83 31.75 44.9 69.9 79.9 79.9 116.9
fashion_male_clothing 132 95 0.413 16.31 14.9 292.5 0.662 0.641 24.9 38.5 49 51.15 59.9 69.9 110.9 129.99 150.9
fashion_underwear_beach 131 53 0.827 14.63 3.9 192 1.0081 0.81 5.9 49.9 49.9 59.9 59.9 59.9 79.9 110 155
furniture_bedroom 109 45 0.81 42.5 6.9 650 0.9356 0.844 79.97 95 114.99 161.72 179 185 207.59 231.36 287
costruction_tools_tools 103 39 0.906 19.71 6.8 1899 1.1096 2.169 29.9 29.9 29.9 45.06 59.99 93 149.9 190 250
tablets_printing_image 83 9 0.6 14.77 14.9 889.99 0.5303 1.325 52 53.49 54.9 69.9 99 99 99 99 99
small_appliances_home_oven_and_coffee 76 31 0.832 36.16 10.19 2899 1.4402 0.434 35.19 71.9 143.5 220 587 750 795 858.9 1649
cine_photo 72 28 0.926 17.45 6.8 873.99 0.9927 1.519 11.9 19.7 49.8 55.99 72.83 92.94 99.95 119.72 159
dvds_blu_ray 64 48 0.407 20.14 8.9 1420 1.0916 3.59 14.9 16.9 19.9 19.9 19.9 24.9 30.91 75.59 116.9
books_imported 60 31 0.719 12.83 18.99 749 0.6814 1.387 19.89 24.95 59.62 59.89 63 77 77 86.2 110.6
fashio_female_clothing 48 27 0.659 12.95 19.9 198.9 0.5771 0.603 24.15 29.99 34.99 34.99 49.5 54.9 64.9 65.9 122.27
party_supplies 43 26 0.617 19.26 7.99 571.2 1.0276 1.002 21.9 21.9 22.5 56 67.9 90 97.6 149.9 252.32
diapers_and_hygiene 39 12 1.165 14.71 25 139.89 0.4179 1.12 25 25 25 30 37 37 38 45.4 60
furniture_mattress_and_upholstery 38 10 1.322 42.91 44.7 399.99 0.5086 0.484 75 75 75 85 85 86.5 109.4 110 249
music 38 27 0.465 18.17 3.85 1165.97 1.3926 1.553 13.31 16.42 24.97 47.26 54.89 109.9 220 267.4 329
flowers 33 14 0.929 14.81 15.6 65.9 0.4804 0.347 16.64 19.43 22.32 22.8 25.99 29.91 45.16 54 58.9
home_comfort_2 30 5 0.6 13.68 12.9 219.99 0.6975 2.869 12.9 12.9 12.9 12.9 12.9 12.9 12.9 12.9 37.48
fashion_sport 30 19 0.588 19.27 24.99 225 0.5462 2.637 38.41 39.9 46.9 49.93 59.9 59.9 69.9 89.9 99
arts_and_craftmanship 24 19 0.365 15.42 9.8 289.49 0.9956 2.608 16.14 18.6 21.77 31.9 44.9 56.3 126.49 129.49 129.78
portable_kitchen_and_food_preparers 15 10 0.588 20.65 17.42 1099 1.6508 6.0 17.53 19.58 21.52 21.52 34.9 54.5 99.1 610.04 979
cds_dvds_musicals 14 1 0.6 16.07 45 65 0.1828 6.0 45 45 45 45 45 45 65 65 65
la_cuisine 14 10 0.519 23.82 24 389 0.582 1.32 107.1 114.4 119.59 130.6 137 138.6 140 153.6 187.3
pc_gamer 9 3 0.6 14.84 129.99 239 0.2877 6.0 129.99 129.99 129.99 129.99 129.99 201.2 219 219 223
fashion_childrens_clothes 8 5 0.6 11.94 39.99 110 0.4695 6.0 39.99 39.99 40.98 47.92 69.94 89.99 89.99 102 110
security_and_services 2 2 0.6 20.61 100 183.29 0.4284 0.338 108.33 116.66 124.99 133.32 141.64 149.97 158.3 166.63 174.96
`;

export const CATEGORIES: readonly CategoryProfile[] = CATEGORY_ROWS.trim()
  .split('\n')
  .map((line) => {
    const [name = '', ...rest] = line.split(' ');
    const [
      items = 0,
      products = 0,
      slope = 0,
      freight = 0,
      priceMin = 0,
      priceMax = 0,
      priceSigma = 0,
      tailSigma = 0,
      ...priceDeciles
    ] = rest.map(Number);
    return { name, items, products, slope, freight, priceMin, priceMax, priceSigma, tailSigma, priceDeciles };
  });

/** Endings of item prices in cents; what is left of 1 ends anywhere. */
export const PRICE_ENDINGS: readonly (readonly [number, number])[] = [
  [90, 0.356],
  [0, 0.2911],
  [99, 0.1817],
  [50, 0.0235],
  [80, 0.0138],
  [49, 0.012],
  [89, 0.0078],
  [40, 0.0068],
];

/** Freight of one item: mean over all, spread of its logarithm inside a state and category, share that is free. */
export const FREIGHT = { mean: 19.99, sigma: 0.42, freeShare: 0.0034 } as const;

/** Orders with 1, 2, 3 .. items (pieces). */
export const ITEMS_PER_ORDER = [
  88863, 7516, 1322, 505, 204, 198, 22, 8, 3, 8, 4, 5, 1, 2, 2, 0, 0, 0, 0, 2, 1,
] as const;
/** Share of the orders with several items that hold one product only. */
export const SAME_PRODUCT_SHARE = 0.6699;

/** Shares of payment rows; a boleto is a bank slip that is paid later. */
export const PAYMENT_TYPES: readonly (readonly [string, number])[] = [
  ['credit_card', 0.739224],
  ['boleto', 0.19044],
  ['voucher', 0.05559],
  ['debit_card', 0.014718],
];

/** Orders by hour of the day (local time) and by weekday, Sunday first. */
export const HOUR_SHARES = [
  0.02407, 0.01177, 0.00513, 0.00274, 0.00207, 0.00189, 0.00505, 0.01238, 0.02984, 0.04812, 0.06212, 0.06615, 0.06029,
  0.06555, 0.06606, 0.0649, 0.06713, 0.06185, 0.05801, 0.06016, 0.06228, 0.06252, 0.05849, 0.04146,
] as const;
export const WEEKDAY_SHARES = [0.12027, 0.16287, 0.16053, 0.15639, 0.14844, 0.14201, 0.10948] as const;

/** Orders that never leave: 0.63 % canceled and 0.61 % unavailable, the public set's only reversals. */
export const CANCELED_SHARE = 0.00629;
export const UNAVAILABLE_SHARE = 0.00612;
/** Assumption: parcels that come back. */
export const RETURNED_SHARE = 0.008;
/** Assumption: payments by card that fail. */
export const FAILED_SHARE = 0.026;

/** Correlation of the promised with the real time to deliver, in logarithms. */
export const PROMISE_CORRELATION = 0.503;
/** ln days: order approved -> with the carrier, and carrier -> customer. */
export const TO_CARRIER = { mu: 0.5625, sigma: 1.0538 } as const;
export const TO_CUSTOMER = { mu: 1.8647, sigma: 0.9015 } as const;

/**
 * Customers who order again: drawn from a pool, at a share and of a size at which 100,000 orders show the public figures
 * (3.1 % of the customers order more than once and make 6.4 % of the orders).
 */
export const KNOWN_CUSTOMERS = { share: 0.227, pool: 68_400 } as const;

/** Assumption: what kind of customer buys. */
export const SEGMENTS: readonly (readonly [string, number])[] = [
  ['retail', 0.78],
  ['business', 0.16],
  ['premium', 0.06],
];
