// Texts of documents and ledgers, for people's eyes.

/** Controls, bidi and other format characters, and all that shows nothing, though it may tell two names apart. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** With escapes such as `\u{202e}` in their place. @param {string} text */
export const visible = (text) => text.replace(UNSEEN, (found) => `\\u{${/** @type {number} */ (found.codePointAt(0)).toString(16)}}`);
