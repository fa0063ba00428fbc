/** Colour maps that all common forms of colour vision read; every fifth of matplotlib's 256 colours (CC0). */

const ANCHORS: Record<string, string> = {
  viridis:
    '44015446085c471063481769481d6f482475472a7a46307e453781433d844142873f48893d4e8a3a538b38598c355e8d' +
    '33638d31688e2e6d8e2c718e2a768e297b8e27808e25848e23898e218e8d20928c1f978b1e9c891fa18821a58524aa83' +
    '28ae802eb37c35b7793dbc7446c06f50c46a5ac86465cb5e70cf577cd25089d54895d840a2da37b0dd2fbddf26cae11f' +
    'd8e219e5e419f1e51dfde725',
  cividis:
    '00224e002656002a5f002d68003070083370163770203a6f273e6e2e416d34456c3a486c3f4c6c444f6c49536c4e566c' +
    '535a6d575d6d5c616e60646f656870696b716d6f727272747676767a7a787e7d788381798885788d8878928c78969077' +
    '9b9476a09875a59c74aaa073afa471b5a86fbaac6dbfb06bc4b468c9b965cfbd62d4c15fdac65bdfca57e5cf52ead34c' +
    'f0d846f6dd3ffce236fee838',
  magma:
    '00000402020b0504160907200e0b2b140e361a104221114e29115a311165390f6e420f754a107952137c5a167e621980' +
    '6a1c81721f81792282812581892881912b81992d80a1307eaa337db2357bba3878c23b75ca3e72d2426fd9466be04c67' +
    'e75263ec5860f1605df4695cf7725cf97b5dfb8560fc8e64fd9869fea16efeaa74feb47bfebd82fec68afecf92fed89a' +
    'fde2a3fdebacfcf4b6fcfdbf',
  inferno:
    '00000402020c0504170a072210092d160b391e0c45260c512f0a5b380962400a67490b6a510e6c59106e61136e69166e' +
    '71196e781c6d801f6c88226a902568982766a02a63a82e5fb0315bb73557bf3952c63d4dcc4248d34743d94d3ddf5337' +
    'e45a31e9612bed6925f1711ff47918f78212f98b0bfa9407fb9d07fca60cfcb014fbba1ffac42af8cd37f6d746f4e156' +
    'f2ea69f2f27df5f992fcffa4',
  PuOr_r:
    '2d004b3508573c0f6344176f4c1f7b5326875c348e6443956d529c7661a47e70ab887cb29287b99b92c1a59dc8afa8d0' +
    'b7b1d5bfbbdac6c4dfcecde4d5d6e9dcddece2e3efe8e9f1eeeef3f4f4f6f8f5f1f9f0e4faecd7fce7cafde3befeddaf' +
    'fed59ffecd8ffdc57ffdbd6efbb55ef6aa4ff0a03fea9530e58a20de8013d57811cd700ec4680bbb5f08b25706a85206' +
    '9e4c079346078941087f3b08',
  RdBu_r:
    '0530610a3a6f0f457e154f8d1a5a9b2064aa276db02d76b4347fb93b88bd4191c24f9ac75ea4cc6eaed17db8d78dc2dc' +
    '9ac9e0a7cfe4b3d5e7bfdcebcce2eed5e7f0dceaf2e4eef3ebf1f4f3f5f6f7f4f2f8eee8f9e9dffbe3d6fcdeccfcd6c1' +
    'faccb4f8c1a6f7b799f5ac8bf2a07eec9374e6856ae0785fda6a55d45d4bcd4f45c6403ebf3237b82431b0172aa11228' +
    '930e2684092375042167001f',
  gray: '000000ffffff'
};

/** Names in the order in which they are offered. */
export const SEQUENTIAL = ['viridis', 'cividis', 'magma', 'inferno', 'gray'] as const;
/** For signed data. */
export const DIVERGING = ['PuOr_r', 'RdBu_r'] as const;
export type ColourMap = (typeof SEQUENTIAL)[number] | (typeof DIVERGING)[number];

/** Whether a map has its neutral colour in the middle, so that its limits stand symmetrically about zero. */
export function isDiverging(name: ColourMap): boolean {
  return DIVERGING.some(diverging => diverging === name);
}

/** The 256 colours of a map, as red, green, blue, alpha bytes. */
export function colourTable(name: ColourMap): Uint8Array<ArrayBuffer> {
  const text = ANCHORS[name] ?? '';
  const anchors = text.match(/../g)?.map(pair => Number.parseInt(pair, 16)) ?? [];
  const last = anchors.length / 3 - 1;
  const table = new Uint8Array(256 * 4);
  for (let index = 0; index < 256; index++) {
    const place = (index / 255) * last;
    const left = Math.min(Math.floor(place), last - 1);
    for (let channel = 0; channel < 3; channel++) {
      const low = anchors[3 * left + channel] ?? 0;
      const high = anchors[3 * left + 3 + channel] ?? 0;
      table[4 * index + channel] = Math.round(low + (high - low) * (place - left));
    }
    table[4 * index + 3] = 255;
  }
  return table;
}
