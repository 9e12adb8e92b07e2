// Dates of a credential: `xsd:dateTime` (XML Schema 1.1 Part 2, 3.3.7), and numeric dates of a JWT. Without an offset a time is UTC.

const FORM = /^(-?)(\d{4}|[1-9]\d{4,})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))?$/;
/** Years of more digits are beyond any clock. */
const YEAR_DIGITS_MAX = 5;
const OFFSET_MINUTES_MAX = 14 * 60;
const MINUTE_MS = 60_000;

/** Milliseconds since 1970, perhaps infinite; null if the text is no moment. @param {unknown} text */
export function moment(text) {
  const found = typeof text === "string" ? FORM.exec(text) : null;
  if (found === null) return null;
  const [, sign, years, ...rest] = found;
  const [month, day, hour, minute, second] = rest.map(Number);
  const [fraction, offsetSign] = [rest[5] ?? "", rest[6]];
  const offset = offsetSign === undefined ? 0 : Number(`${offsetSign}1`) * (Number(rest[7]) * 60 + Number(rest[8]));
  if (offsetSign !== undefined && (Number(rest[8]) > 59 || Math.abs(offset) > OFFSET_MINUTES_MAX)) return null;
  const isMidnight = hour === 24 && minute === 0 && second === 0 && /^0*$/.test(fraction);
  if ((hour > 23 && !isMidnight) || minute > 59 || second > 59 || month < 1 || month > 12) return null;
  if (years.length > YEAR_DIGITS_MAX) return sign === "" ? Infinity : -Infinity;
  const date = new Date(0);
  date.setUTCFullYear(Number(`${sign}${years}`), month - 1, day);
  // A day that the month does not have runs over.
  if (day < 1 || date.getUTCDate() !== day) return null;
  const clock = ((hour * 60 + minute - offset) * 60 + second) * 1000;
  return date.getTime() + clock + Number(fraction.padEnd(3, "0").slice(0, 3));
}

/** RFC 7519, 2. @param {unknown} seconds */
export const numericDate = (seconds) => (typeof seconds === "number" ? Math.floor(seconds * 1000) : null);

/** Clocks this far apart are no reason to refuse. */
export const CLOCK_TOLERANCE_MS = 2 * MINUTE_MS;
