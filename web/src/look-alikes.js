// Names that people would take for each other: docs/formats/finding.md, "Look-alikes".

/** A line for each letter or digit: itself, and what looks like it. That of crates/verify/look_alikes.txt. */
export const LOOK_ALIKES = `2ƧƻϨჇᒿᘖᲷꙄꛯꝚ
3ƷȜЗҘӠՅ३૩ᜂᲕⲜⳄⳌꝪꞫꣶ𑣊𖼻𝈆
4Ꮞꮞ𑢯𖺂
5Ƽ𑢻
6ϬбᏮⳒⳓⳜꕃꮾ𑣕
7ᜪᲄ𐓒𑣆𖺊𝇾𝈒
8Ȣȣ৪੪ଃꖉ𐌚𑑅𖧾𞣋
9৭੧୨൭ⳊⳋꝮꝯ𑢬𑣌𑣖𖧁𞋲
aɑΑαАаᎪᗅ⍶⍺ꓮꭤ𐊠𖽀𝽀𝽁𝽚𝽪
bƀƂƃƄɓΒБВЬѢѣҌҍߕᏏᏴᑲᑳᖯᗷⲂꓐꕗꞴ𐊂𐊡𐌁𐌜𖺶𝈇
c¢ȼСсҪҫငၚᏟᲃᴄⲤⲥꓚꮯ𐊢𐌂𐐕𐐽𐔛𑣩𑣲𝄴🝌
dÐĐđƉƋƌɖɗԁᎠᏧᑯᗞᗪ₫ꓒꓓ𐆋𝼭
eɆɇΕЕеҽҿᎬ℮⋿ⴹꓰꗋꬲ𐊆𑢦𑢮𝾁
fƑƒʄϜքߓᖴᵮẝꓝꞘꞙꬵ𐅾𐊇𐊥𐔥𑢢𑣂𝈓
gƍǤǥɠɡԌցᏀᏳᶃꓖ𝽅
hĦħɦΗНћҢҺһӇӉհႹᎻᏂᏲᕼⱧⲎꓧꚕ𐋏𝼲𝽆𝽇
i¡ıɨɩɪιіւᎥᵻᵼ⍳⍸ⲓꙇꭵ𑣃
jȷɈɉɟͿϳЈјյᎫᒍꓙꞲ
kƙΚКҚҞᏦᛕ₭ⱩⲔꓗꝀ𐔘𝽈𝽉
lŁłƖƗƚǀɫɭΙІӀӏ׀וןا١۱ߊ।၊Ꮮᒪᛁᛅᛐ↿∣⏽│┃ⲒⳐⵊⵏꓡꓲꕯꞁꞮꟾ꠰꣎꩝𐊊𐌉𐌠𐐛𐔎𐔦𐤦𐰾𐲥𐳺𑁇𑃀𑅁𑇅𑏔𑑋𑗅𑙁𑢣𑢲𑱁𑷚𑷡𖫤𖵣𖺪𖼖𖼨𝄀𝈪𝍷𝽮𞅁𞣇𞴁
mΜϺМӍᎷᗰᛖⲘꓟ𐊰𐌑𐰡𝽊
nŋƝƞɲɳΝηղոռᵰⲚꓠ𐆎𐔓𑪾𝽍𝽎𝽏
oØøƟɵΘΟθοσϭОоѲѳӨөՕօסةه٥ھہۃە۵ۿ߀ߋࡀ०০੦૦ଠ୦௦ం౦ಂ೦ംഠ൦ං๐໐ဝ၀ჿᄋᆼዐፀᎤᎾᏫ០ᩅ᪀᪐ᯪᲂᲿᴏᴑ∅⊖⊝⌀⍥⍬ⲐⲑⲞⲟⴱⵁⵔ〇ꓳꚢꝊꝋꬽꬾꭴꮎꮻ𐊒𐊫𐌏𐐄𐐬𐓂𐓪𐔖𐔞𐤬𐰗𐴇𑄤𑌂𑓐𑢵𑣈𑣗𑣠𑷠𖦛𖫩𖺀𝈚𝼼𞅀𞋰🜔
pþƥƿΡρϸРрᏢᑭᵽ⍴ⲢⲣⳎⳏꓑ𐊕
qʠԚԛգզⵕ𝼴
rƦɌɍɼɽгғᎡᏒᖇᴦᵲⲅꓣꭇꭈꮁ𐒴𖨙𖼵𝈖𝼷
sƽʂЅѕՏടႽჽᏕᏚᲽᵴꓢꕶꜱꟅꮪ𐊖𐐠𐑈𑣁𖫖𖼺
tŦŧƫƭƮȾΤТҬߠᎢᎿᵵ⊤⍡⟙Ⲧㄒ丅ꓔꔋꚌ𐊗𐊱𐌕𑢼𖼊𝍳🝨
uɄʋυџՍսሀᏌᑌᴜᵾ∪⋃ꓴꞟꭎꭒꮜ𐓎𐓶𑢸𑣘𖽂𝼹
vνѴѵט٧۷Ꮩᐯᴠ∨⋁ⴸꓦꛟꮩ𐆗𐔝𐰟𑜆𑢠𑣀𖼈𜻼𝈍𝽑𝽒𞅅
wɯшѡԜԝաᎳᏔᴡ₩⧢ⲽꓪꝡꟺꮃꮤ𑓅𑜊𑜎𑜏𑣦𑣯𝈌𝼿𝽽
x×ΧХхҲᕁᕽ᙭᙮ᚷᝣᯬᳵ╳⤫⤬⨯⨰ⲬⵝꓫꞳ𐆖𐊐𐊴𐌗𐌢𐔧𐰓𐲂𐳂𐳼𑣬
y¥ƴɎɏɣʏΥγУуҮүҰұߌყᎩᎽᶌỿⲨⲩㄚ丫ꓬꚲꭚ𐊲𐰠𑢤𑣄𑣜𖽃𝼱𝽕
zƵƶȤȥʐΖჍᏃᴢᵶⱫⱬⲌⲍⴭꓜꛉꮓ𐋵𐔇𑢩𑣥𑪼
`;
/** What a digit looks like among letters, and `l`, which is `I` and `1` in many fonts. @type {Record<string, string>} */
const LETTERS = { 0: "o", 1: "i", l: "i", 3: "e", 4: "a", 5: "s", 7: "t", 8: "b" };

/** @type {Map<string, string>} */
const table = new Map(LOOK_ALIKES.split("\n").flatMap((line) => [...line].slice(1).map((other) => /** @type {[string, string]} */ ([other, line[0]]))));

/** A name as readers see it: the letters and digits that it looks like. @param {string} name */
function folded(name) {
  const plain = [...name.normalize("NFKD").replace(/[\u0300-\u036f]/g, "")].map((character) => table.get(character) ?? character.toLowerCase()).join("");
  return [...plain].filter((character) => /[\p{Alphabetic}\p{N}]/u.test(character)).map((character) => LETTERS[character] ?? character).join("").replaceAll("rn", "m");
}

/** Whether people would take one name for the other. @param {string} one @param {string} other */
export const looksLike = (one, other) => folded(one) !== "" && folded(one) === folded(other);
