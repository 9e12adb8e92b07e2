// Absolute IRIs: RFC 3987, 2.2.

const WIDE = "\\u{a0}-\\u{d7ff}\\u{f900}-\\u{fdcf}\\u{fdf0}-\\u{ffef}\\u{10000}-\\u{dffff}\\u{e1000}-\\u{efffd}";
const NAME = `[\\w\\-.~!$&'()*+,;=${WIDE}]|%[\\da-fA-F]{2}`;
const AUTHORITY = `(?:(?:${NAME}|:)*@)?(?:\\[[\\da-fA-F:.]+\\]|(?:${NAME})*)(?::\\d*)?(?=[/?#]|$)`;
const PATH = `(?:${NAME}|[:@/])*`;
const IRI = new RegExp(
  `^[a-zA-Z][\\w+.\\-]*:(?://${AUTHORITY}|(?!//))${PATH}(?:\\?(?:${NAME}|[:@/?\\u{e000}-\\u{f8ff}])*)?(?:#(?:${NAME}|[:@/?])*)?$`, "u",
);

/** @param {string} text */
export const isIri = (text) => IRI.test(text) && !/^[^:]*_/.test(text);
