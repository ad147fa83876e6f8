/**
 * What says an English sentence in the language of the panel; `{name}` in it is replaced by the value of that name.
 * @param {Record<string, string>} texts English → the language, what has no words there stays English
 */
export const teller = texts => (english, values = {}) => {
  const template = Object.hasOwn(texts ?? {}, english) ? texts[english] : english;
  return template.replace(/\{(\w+)\}/g, (place, name) => (Object.hasOwn(values, name) ? String(values[name]) : place));
};
