const e=(()=>{class e extends Error{}class t extends Error{}class n extends Error{constructor(e,t,n){super(n),this.part=e,this.word=t,this.isClock=!1}}return{Malformed:e,NewerVerifier:class extends e{},DocumentNeeded:t,Fault:n}})(),t=(()=>{const{Malformed:t}=e,n=new TextDecoder("utf-8",{fatal:!0,ignoreBOM:!0}),a=new TextEncoder
function r(e){try{return n.decode(e)}catch{throw new t("not UTF-8")}}const i=e=>a.encode(e)
function s(...e){const t=new Uint8Array(e.reduce((e,t)=>e+t.length,0))
let n=0
for(const a of e)t.set(a,n),n+=a.length
return t}const o=(e,t)=>0===c(e,t)
function c(e,t){const n=Math.min(e.length,t.length)
for(let a=0;a<n;a++)if(e[a]!==t[a])return e[a]-t[a]
return e.length-t.length}function d(e){let t=""
for(let n=0;n<e.length;n+=8192)t+=String.fromCharCode(...e.subarray(n,n+8192))
return btoa(t).replaceAll("+","-").replaceAll("/","_").replaceAll("=","")}const h=e=>Uint8Array.of(e),l=e=>Uint8Array.of(e>>>24,e>>>16,e>>>8,e)
return{decodeUtf8:r,utf8:i,hex:e=>Array.from(e,e=>e.toString(16).padStart(2,"0")).join(""),unhex:function(e){if(!/^(?:[0-9a-f]{2})*$/.test(e))throw new t("not lower-case hexadecimal")
return Uint8Array.from({length:e.length/2},(t,n)=>parseInt(e.slice(2*n,2*n+2),16))},concat:s,equal:o,compare:c,compareText:(e,t)=>c(i(e),i(t)),startsWith:(e,t)=>o(e.subarray(0,t.length),t),unbase64url:function(e){if(!/^[A-Za-z0-9_-]*$/.test(e)||e.length%4==1)throw new t("not base64url")
const n=atob(e.replaceAll("-","+").replaceAll("_","/")),a=Uint8Array.from(n,e=>e.charCodeAt(0))
if(d(a)!==e)throw new t("base64url that is not canonical")
return a},base64url:d,u8:h,u16:e=>Uint8Array.of(e>>8,e),u32:l,u64:function(e){const t=new Uint8Array(8)
return new DataView(t.buffer).setBigUint64(0,BigInt(e)),t},text8:e=>s(h(i(e).length),i(e)),list32:(e,t)=>s(l(e.length),...e.map(t)),option:(e,t)=>void 0===e?h(0):s(h(1),t(e)),tagged:e=>s(h(0),e),Reader:class{constructor(e){this.data=e,this.at=0}take(e){if(e>this.data.length-this.at)throw new t("it ends too early")
return this.at+=e,this.data.slice(this.at-e,this.at)}u8(){return this.take(1)[0]}u16(){return 256*this.u8()+this.u8()}u32(){return 65536*this.u16()+this.u16()}u64(){return this.u32()*2**32+this.u32()}hash(){return this.take(32)}hashes(e){return Array.from({length:e},()=>this.take(32))}text8(){return r(this.take(this.u8()))}list32(e,n){const a=this.u32()
if(a>e)throw new t(`a list of ${a}`)
return Array.from({length:a},n)}option(e){const n=this.u8()
if(n>1)throw new t("an option is neither 0 nor 1")
return 1===n?e():void 0}tagged(e){if(0!==this.u8())throw new t("an algorithm that is not known")
return this.take(e)}finish(){if(this.at!==this.data.length)throw new t("bytes are left over")}}}})(),n=(()=>{const{utf8:e}=t,n=Uint32Array.of(1779033703,3144134277,1013904242,2773480762,1359893119,2600822924,528734635,1541459225),a=1024,r=[2,6,3,10,7,0,4,13,1,11,12,5,9,14,15,8],i=Array.from({length:7},(e,t)=>{let n=Array.from({length:16},(e,t)=>t)
for(let e=0;e<t;e++)n=r.map(e=>n[e])
return n}),s=new Uint32Array(16)
function o(e,t,n,a,r,i){const o=s
let c
o[e]=o[e]+o[t]+r,c=o[a]^o[e],o[a]=c>>>16|c<<16,o[n]=o[n]+o[a],c=o[t]^o[n],o[t]=c>>>12|c<<20,o[e]=o[e]+o[t]+i,c=o[a]^o[e],o[a]=c>>>8|c<<24,o[n]=o[n]+o[a],c=o[t]^o[n],o[t]=c>>>7|c<<25}function c(e,t,a,r,c){s.set(e),s.set(n.subarray(0,4),8),s[12]=a,s[13]=Math.floor(a/2**32),s[14]=r,s[15]=c
for(const e of i)o(0,4,8,12,t[e[0]],t[e[1]]),o(1,5,9,13,t[e[2]],t[e[3]]),o(2,6,10,14,t[e[4]],t[e[5]]),o(3,7,11,15,t[e[6]],t[e[7]]),o(0,5,10,15,t[e[8]],t[e[9]]),o(1,6,11,12,t[e[10]],t[e[11]]),o(2,7,8,13,t[e[12]],t[e[13]]),o(3,4,9,14,t[e[14]],t[e[15]])
return Uint32Array.from({length:8},(e,t)=>s[t]^s[t+8])}function d(e){const t=new Uint8Array(64)
t.set(e)
const n=new DataView(t.buffer)
return Uint32Array.from({length:16},(e,t)=>n.getUint32(4*t,!0))}function h(e,t,n,r,i){if(e.length<=a)return function(e,t,n,a,r){let i=n
const s=Math.max(1,Math.ceil(e.length/64))
for(let n=0;n<s;n++){const o=e.subarray(64*n,64*(n+1)),h=(0===n?1:0)|(n===s-1?2|r:0)
i=c(i,d(o),t,o.length,a|h)}return i}(e,t,n,r,i)
let s=a
for(;2*s<e.length;)s*=2
const o=new Uint32Array(16)
return o.set(h(e.subarray(0,s),t,n,r,0)),o.set(h(e.subarray(s),t+s/a,n,r,0),8),c(n,o,0,64,4|r|i)}function l(e){const t=new DataView(new ArrayBuffer(32))
return e.forEach((e,n)=>t.setUint32(4*n,e,!0)),new Uint8Array(t.buffer)}const u=new Map
return{blake3:e=>l(h(e,0,n,0,8)),derive:function(t,a){let r=u.get(t)
return void 0===r&&(r=h(e(t),0,n,32,8),u.set(t,r)),l(h(a,0,r,64,8))}}})(),a=(()=>{const{derive:a}=n,{compareText:r,concat:i,hex:s,list32:o,option:c,tagged:d,text8:h,u32:l,u64:u,u8:f,utf8:m}=t,{Malformed:g}=e,w=240,p=["holder","title","awarded_on","credits","number","level","valid_until","programme"],y=[2,6],b=e=>i(f(e.layout),f(e.rules),e.chainId,u(e.height),l(e.round),u(e.timeMs),u(e.logSize),e.logRoot,e.stateRoot,e.past,e.validatorsHash,e.nextValidatorsHash),k=e=>a("sanad/v1 block header",b(e)),v=e=>i(l(e.number),u(e.firstHeight),o(e.validators,e=>i(h(e.member),d(e.key))))
function x(e,t){for(let n=1;n<e.length;n++)if(r(e[n-1],e[n])>=0)throw new g(`${t} are not in strictly ascending order`)}const S=e=>i(f(e.version),h(e.name),e.nonce,h(e.logOrigin),c(e.predecessor,e=>i(e.chainId,u(e.height),e.block)),A(e.parameters),o(e.members,M)),A=e=>i(l(e.blockBytesMax),l(e.heartbeatMs),f(e.protocol.layout),f(e.protocol.rules),c(e.next,e=>i(f(e.protocol.layout),f(e.protocol.rules),u(e.height)))),M=e=>i(h(e.id),h(e.name),f(e.role),o(e.governanceKeys,d),f(e.governanceThreshold),c(e.issuingKey,d),c(e.consensusKey,d),c(e.networkKey,d),o(e.issuerIds,h),o(e.addresses,h),o(e.facts,e=>i(h(e.name),h(e.value)))),_=e=>i(f(e.length),...e.map(({label:e,text:t})=>i(f(e),h(t))))
const E=e=>/^\d{4}-\d\d-\d\d$/.test(e)
function T(e,t,n,a){const r=m(e).length
if(r<t||r>n)throw new g(`${a} is not a text of ${t} to ${n} bytes`)
if(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/.test(e))throw new g(`${a} has a character that is not allowed`)
return e}function I(e){if(e.length>128||!/^[!-~]*$/.test(e))return null
const[,t,n]=/^([^:]*):(.*)$/.exec(e.split("#",1)[0])??[]
return void 0===t?null:"did"===t.toLowerCase()?function(e){const[,t,n]=/^([A-Za-z0-9]+):(.+)$/.exec(e)??[]
if(void 0===t)return null
const a=t.toLowerCase()
return`did:${a}:${"web"===a?n.replace(/^[^:]*/,e=>e.toLowerCase()):n}`}(n.split("?",1)[0]):"https"===t.toLowerCase()?function(e){const[,t,n]=/^\/\/([^/?]*)(.*)$/.exec(e)??[]
if(!t||t.includes("@"))return null
const a=t.toLowerCase().replace(/:443$/,"")
return""===a||a.endsWith(":443")?null:`https://${a}${"/"===n?"":n}`}(n):null}return{LAYOUT:1,TIME_MS_MAX:0xe677d21fdbff,LOG_SIZE_MAX:2**40,MEMBERS_MAX:4096,VALIDATORS_MAX:128,CHANGES_MAX:64,PATH_HASHES_MAX:64,ISSUER_IDS_MAX:32,DISPUTED_MAX:8,NAME_BYTES_MAX:128,SUMMARY_BYTES_MAX:w,RECEIPT_BYTES_MAX:1<<20,TRUST_BYTES_MAX:16<<20,KINDS:["json","bytes","sd-jwt"],STANDINGS:["active","frozen","suspended","retired"],ROLES:["observer","issuer","validator"],STATUSES:["active","suspended","confirmed","revoked"],LABELS:p,encodeHeader:b,blockHash:k,pastHash:e=>a("sanad/v1 past",i(e.previous,e.historyRoot,e.batchesRoot)),encodeSet:v,setHash:e=>a("sanad/v1 validator set",v(e)),quorum:e=>Math.floor(2*e.validators.length/3)+1,faultyMax:e=>Math.floor((e.validators.length-1)/3),checkSet:function(e){const{validators:t}=e
if(t.length<1||t.length>128)throw new g(`${t.length} validators`)
if(0===e.number!=(1===e.firstHeight)||0===e.firstHeight)throw new g(`a set with number ${e.number} cannot begin at height ${e.firstHeight}`)
if(x(t.map(e=>e.member),"validators"),new Set(t.map(e=>s(e.key))).size!==t.length)throw new g("a consensus key stands twice")
return e},checkAscending:x,voteMessage:(e,t)=>i(m("sanad/v1 vote"),e.chainId,f(1),u(e.height),l(t),f(1),k(e),l(e.round)),encodeIssuance:(e,t)=>i(f(0),h(e),t),encodeRecord:e=>i(h(e.id),h(e.name),f(e.standing),u(e.since),o(e.issuerIds,e=>i(h(e.id),u(e.from),c(e.until,u))),o(e.disputed,e=>i(u(e.from),u(e.until))),e.rest),checkRecord:function(e){if(T(e.name,1,128,"name"),e.issuerIds.length>32||e.disputed.length>8)throw new g("a list is too long")
if(e.issuerIds.some(e=>I(e.id)!==e.id))throw new g("an issuer id is not in normal form")},encodeGenesis:S,encodeParameters:A,chainIdOf:e=>a("sanad/v1 genesis",S(e)),fingerprint:e=>Array.from({length:10},(t,n)=>String(256*e[2*n]+e[2*n+1]).padStart(5,"0")).join(" "),encodeSummary:_,checkSummary:function(e){if(e.length<1||e.length>p.length)throw new g(`a summary of ${e.length} fields`)
if(e.forEach(({label:t,text:n},a)=>{if(a>0&&e[a-1].label>=t)throw new g("labels are not in strictly ascending order")
if(T(n,1,w,p[t]),y.includes(t)&&!E(n))throw new g(`${p[t]} is not a date`)}),_(e).length>w)throw new g("a summary of more than 240 bytes")
return e},isDate:E,checkPeopleText:T,checkMemberId:function(e){if(!/^[a-z0-9](?:[a-z0-9.-]{0,30}[a-z0-9])?$/.test(e))throw new g("not a member id")
return e},normalIssuerId:I}})(),r=(()=>{const e=(1n<<255n)-19n,t=27742317777372353535851937790883648493n+(1n<<252n),n=0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,a=[0n,1n,e-1n,n,e-n],r=i(-121665n*s(121666n,e-2n))
function i(t){const n=t%e
return n<0n?n+e:n}function s(t,n){let a=1n
for(let r=t;n>0n;n>>=1n)1n&n&&(a=a*r%e),r=r*r%e
return a}function o(e){let t="0x"
for(let n=e.length-1;n>=0;n--)t+=e[n].toString(16).padStart(2,"0")
return BigInt(t)}function c(t){const n=o(t)&(1n<<255n)-1n
return n<e&&!a.includes(n)}const d=e=>new Uint8Array(e)
return{isUsablePoint:function(t){if(!c(t))return!1
const n=o(t)&(1n<<255n)-1n
return 1n===s(i((n*n-1n)*(r*n*n+1n)),(e-1n)/2n)},signatureHolds:async function(e,n,a){if(o(n.subarray(32))>=t)return!1
if(!c(e)||!c(n.subarray(0,32)))return!1
let r
try{r=await crypto.subtle.importKey("raw",d(e),"Ed25519",!1,["verify"])}catch(e){if("DataError"!==e.name)throw e
return!1}return crypto.subtle.verify("Ed25519",r,d(n),d(a))},source:d,sha256:async e=>new Uint8Array(await crypto.subtle.digest("SHA-256",d(e)))}})(),i=(()=>{const{derive:i}=n,{Reader:s,concat:o,hex:c,startsWith:d,unbase64url:h}=t,{source:l}=r,{Malformed:u,NewerVerifier:f}=e,{checkPeopleText:m}=a,g=Uint8Array.of(245,115,110,98),w=1024,p=[0,3,5,8,10,13,15,17,20,22,25,27,29]
function y(e){const t=[],n=p[12]
for(let a=0;a<e.length;a+=n){const r=e.slice(a,a+n),i=p.indexOf(r.length)
if(i<1)throw new u("the digits of the receipt are incomplete")
const s=BigInt(r)
if(s>>BigInt(8*i)!==0n)throw new u("the digits of the receipt are not those of bytes")
t.push(Uint8Array.from({length:i},(e,t)=>Number(s>>BigInt(8*(i-1-t))&255n)))}return o(...t)}const b=e=>i("sanad/v1 box id",e).subarray(0,16)
function k(e){const t=e.u32()
if(t<1||t>1048576)throw new u("a file in the box is empty or too long")
return e.take(t)}return{readCode:function(e){const t=e.trim()
if(t.length>8192)return null
const n=t.includes("#")?t.slice(t.indexOf("#")+1):t
return/^\d+$/.test(n)&&43!==n.length?{receipt:y(n)}:t.includes("#")&&/^[A-Za-z0-9_-]{43}$/.test(n)?{key:h(n)}:null},readDigits:y,boxId:b,boxAddress:function(e,t){const{origin:n,pathname:a}=new URL(t)
return`${n}${a.replace(/\/v\/(?:index\.html)?$/,"/v").replace(/[^/]*$/,"")}boxes/${c(b(e))}`},openBox:async function(e,t){if(t.length>2098209||!d(t,g))throw new u("not a box")
if(t.length<33)throw new u("the box is cut short")
if(1!==t[4])throw new f("a box of another version")
const n=await crypto.subtle.importKey("raw",l(i("sanad/v1 box key",e)),"AES-GCM",!1,["decrypt"]),a=l(o(t.subarray(0,5),b(e)))
let r
try{r=await crypto.subtle.decrypt({name:"AES-GCM",iv:l(t.subarray(5,17)),additionalData:a},n,l(t.subarray(17)))}catch{throw new u("the box does not open with this key: it belongs to another link, or was changed")}return function(e){const t=new s(e),n=m(t.text8(),1,255,"the name")
if(/[/\\]|^\./.test(n))throw new u("the name of the document is not one of a file")
const a=k(t),r=k(t),i=t.take(e.length-t.at)
if(i.length>=w||e.length%w!==0||i.some(e=>0!==e))throw new u("the box has another form inside")
return{name:n,document:a,receipt:r}}(new Uint8Array(r))}}})(),s=(()=>{const{decodeUtf8:n}=t,{Malformed:a}=e,r=16<<20,i=e=>"object"==typeof e&&null!==e&&!Array.isArray(e),s=/-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y,o=/[^"\\\u0000-\u001f]*/y,c=/[ \t\n\r]*/y,d=new Map([...'""\\\\//b\bf\fn\nr\rt\t'.matchAll(/../gs)].map(([e])=>[e[0],e[1]]))
class h{constructor(e,t,r){if(e.length>t)throw new a(`longer than ${t} bytes`)
this.text=n(e),this.form=r,this.at=0,this.depth=0,this.values=0}whole(){const e=this.value()
if(void 0!==this.peek())throw new a("characters after the end of the JSON text")
return e}peek(){return this.match(c),this.text[this.at]}match(e){e.lastIndex=this.at
const t=e.exec(this.text)
return t&&(this.at+=t[0].length),t}expect(e){if(this.peek()!==e)throw new a(`no ${e} where one is expected`)
this.count(e),this.at+=1}count(e){if(this.form&&",[{".includes(e)&&++this.values>262144)throw new a("too many values")}value(){const e=this.peek()
if("{"===e)return this.object()
if("["===e)return this.array()
if('"'===e)return this.string()
for(const[e,t]of[["null",null],["true",!0],["false",!1]])if(this.text.startsWith(e,this.at))return this.at+=e.length,t
return this.number()}inside(e,t,n){if(this.expect(e),++this.depth>64)throw new a("nested deeper than 64")
if(this.peek()!==t)for(n();","===this.peek();)this.expect(","),n()
this.expect(t),this.depth-=1}object(){const e=Object.create(null)
return this.inside("{","}",()=>{if('"'!==this.peek())throw new a("a name is expected")
const t=this.string()
if(t in e)throw new a("a duplicate key")
this.expect(":"),e[t]=this.value()}),e}array(){const e=[]
return this.inside("[","]",()=>e.push(this.value())),e}string(){this.at+=1
let e=""
for(;;){e+=this.match(o)?.[0]??""
const t=this.text[this.at++]
if('"'===t)break
if("\\"!==t)throw new a("a text has no end, or a control character")
const n=this.text[this.at++]
if("u"===n){const t=this.text.slice(this.at,this.at+4)
if(!/^[0-9a-fA-F]{4}$/.test(t))throw new a("a malformed escape")
e+=String.fromCharCode(parseInt(t,16)),this.at+=4}else{const t=d.get(n)
if(void 0===t)throw new a("a malformed escape")
e+=t}}if(/\p{Surrogate}/u.test(e))throw new a("a lone surrogate")
return e}number(){const e=this.match(s)
if(!e)throw new a("no JSON value where one is expected")
const t=Number(e[0]),n=void 0===e[1]&&void 0===e[2]
if(n?!Number.isSafeInteger(t):!Number.isFinite(t))throw new a("a number that readers take differently")
if(this.form&&(!n||e[0].startsWith("-")))throw new a("a number with sign, fraction or exponent")
return t}}return{JSON_BYTES_MAX:r,JSON_DEPTH_MAX:64,isObject:i,parseDocument:e=>new h(e,r,!1).whole(),parseForm:(e,t)=>new h(e,t,!0).whole(),canonical:function e(t){return Array.isArray(t)?`[${t.map(e).join(",")}]`:i(t)?`{${Object.keys(t).sort().map(n=>`${JSON.stringify(n)}:${e(t[n])}`).join(",")}}`:JSON.stringify(t)}}})(),o=(()=>{const{derive:e}=n,{concat:a,equal:i,u64:s,u8:o}=t,{sha256:c}=r,d=(t,n)=>({leaf:n=>e(t,n),node:(t,r)=>e(n,a(t,r)),empty:()=>e(n,new Uint8Array(0))}),h={leaf:e=>c(a(o(0),e)),node:(e,t)=>c(a(o(1),e,t)),empty:()=>c(new Uint8Array(0))},l=d("sanad/v1 status leaf","sanad/v1 status node"),u=d("sanad/v1 member leaf","sanad/v1 member node"),f=d("sanad/v1 history leaf","sanad/v1 history node"),m=d("sanad/v1 part","sanad/v1 parts node"),g=d("sanad/v1 governance leaf","sanad/v1 governance node"),w=65536,p=e=>Math.floor(e/2),y=e=>e%2==1
function b(e,t){let n=0
for(let a=t-1;a>0;e=p(e),a=p(a))(y(e)||e<a)&&(n+=1)
return n}async function k(e,t,n,a,r){if(!(n<a)||r.length!==b(n,a))return null
let i=t,s=0
for(let t=a-1;t>0;n=p(n),t=p(t))y(n)?i=await e.node(r[s++],i):n<t&&(i=await e.node(i,r[s++]))
return i}async function v(e,t){if(0===t.length)return e.empty()
let n=t
for(;n.length>1;){const t=[]
for(let a=0;a<n.length;a+=2)t.push(a+1<n.length?await e.node(n[a],n[a+1]):n[a])
n=t}return n[0]}return{LOG:h,STATUS:l,MEMBERS:u,HISTORY:f,PARTS:m,GOVERNANCE:g,STATUSES_PER_LEAF:256,STATUS_LEAF_BYTES:64,SEAL_HEADERS:w,pathLength:b,rootOf:k,isIncluded:async function(e,t,n,a,r,s){const o=await k(e,t,n,a,r)
return null!==o&&i(o,s)},rootOver:v,pathOver:async function(e,t,n){const a=[]
let r=t
for(let t=n;r.length>1;t=p(t)){const n=y(t)?t-1:t+1
n<r.length&&a.push(r[n])
const i=[]
for(let t=0;t<r.length;t+=2)i.push(t+1<r.length?await e.node(r[t],r[t+1]):r[t])
r=i}return a},foldHistory:async function(e,t,n){const a=(e%w).toString(2).replaceAll("0","").length
if(t.length!==Math.floor(e/w)||n.length!==a)return null
const r=[]
for(let e=0;e<t.length;){const n=2**Math.floor(Math.log2(t.length-e))
r.push(await v(f,t.slice(e,e+n))),e+=n}if(r.push(...n),0===r.length)return f.empty()
let i=r[r.length-1]
for(let e=r.length-2;e>=0;e--)i=await f.node(r[e],i)
return i},membersRoot:(t,n)=>e("sanad/v1 members",a(s(t),n)),stateRoot:function(t,n,r){const i=(t,n)=>e("sanad/v1 state node",a(t,n))
return i(i(t,n),r)}}})(),c=(()=>{const{compare:n,hex:i}=t,{isUsablePoint:s}=r,{Malformed:o}=e,{ISSUER_IDS_MAX:c,MEMBERS_MAX:d,NAME_BYTES_MAX:h,checkAscending:l,checkPeopleText:u,checkSet:f,normalIssuerId:m}=a
function g(e){const t=e.members.flatMap(e=>2===e.role&&e.consensusKey?[{member:e.id,key:e.consensusKey}]:[])
return f({number:0,firstHeight:1,validators:t})}function w(e){const t=[e.issuingKey,e.consensusKey,e.networkKey]
return[...e.governanceKeys,...t.filter(e=>void 0!==e)]}function p(e){u(e.name,1,h,"a member's name")
const t=e.role>0,a=2===e.role
if(void 0!==e.issuingKey!==t||void 0!==e.consensusKey!==a||a&&void 0===e.networkKey)throw new o("a member's keys are not those of its role")
const{governanceKeys:r,governanceThreshold:i}=e
if(r.length<1||r.length>5||i<1||i>r.length)throw new o("governance keys and their threshold")
if(r.some((e,t)=>t>0&&n(r[t-1],e)>=0))throw new o("governance keys are not in ascending order")
if(e.issuerIds.length>c||e.addresses.length>8||e.facts.length>16)throw new o("a list of a member is too long")
if(l(e.issuerIds,"issuer ids"),e.issuerIds.some(e=>m(e)!==e))throw new o("an issuer id is not in normal form")
l(e.facts.map(e=>e.name),"facts")
for(const t of[...e.addresses,...e.facts.flatMap(e=>[e.name,e.value])])u(t,1,255,"a text of a member")}return{GENESIS_BYTES_MAX:16<<20,checkGenesis:function(e){if(1!==e.version)throw new o("a genesis of another version")
if(u(e.name,1,h,"the consortium's name"),!/^[!-*,-~]{1,128}$/.test(e.logOrigin))throw new o("not an origin of a log")
if(function({blockBytesMax:e,heartbeatMs:t,protocol:n,next:a}){if(!(e>=262144&&e<=4194304&&t>=100&&t<=3e5))throw new o("a parameter is out of its range")
if(1!==n.layout||1!==n.rules||void 0!==a)throw new o("another protocol")}(e.parameters),e.members.length>d)throw new o(`${e.members.length} members`)
l(e.members.map(e=>e.id),"members")
const t=new Set,n=new Set
for(const a of e.members){p(a)
for(const e of w(a)){if(t.size===t.add(i(e)).size)throw new o("a key stands twice")
if(!s(e))throw new o("a key is not a usable point")}for(const e of a.issuerIds)if(n.size===n.add(e).size)throw new o("an issuer id of two members")}return g(e),e},firstSet:g}})(),d=(()=>{const{unhex:n}=t,{Malformed:r,NewerVerifier:i}=e,{isObject:d,parseForm:h}=s,{CHANGES_MAX:l,DISPUTED_MAX:u,ISSUER_IDS_MAX:f,KINDS:m,LABELS:g,MEMBERS_MAX:w,NAME_BYTES_MAX:p,PATH_HASHES_MAX:y,RECEIPT_BYTES_MAX:b,ROLES:k,STANDINGS:v,TRUST_BYTES_MAX:x,VALIDATORS_MAX:S,checkMemberId:A,checkPeopleText:M,checkSet:_,checkSummary:E,normalIssuerId:T}=a,{STATUS_LEAF_BYTES:I}=o,{GENESIS_BYTES_MAX:$,checkGenesis:R}=c,O=2**32-1,N={blockBytesMax:1048576,heartbeatMs:6e4,protocol:{layout:1,rules:1}}
class P extends r{}function U(e,t,n=[]){if(!d(e))throw new r("not an object")
for(const n of t)if(!(n in e))throw new r(`the field ${n} is missing`)
for(const a in e)if(!t.includes(a)&&!n.includes(a))throw new r(`the field ${a} is not known`)
return e}function C(e,t,n){if(!Array.isArray(e))throw new r("not a list")
if(e.length>t)throw new r(`a list of ${e.length}`)
return e.map(n)}function B(e,t,n){if(void 0===e)return[]
const a=C(e,t,n)
if(0===a.length)throw new r("an empty list is left out")
return a}const j=(e,t)=>void 0===e?void 0:t(e)
function D(e){if("string"!=typeof e)throw new r("not a text")
return e}function L(e,t=Number.MAX_SAFE_INTEGER){if("number"!=typeof e||e>t)throw new r("not an integer within its range")
return e}function H(e,t=32){const a=n(D(e))
if(a.length!==t)throw new r(`not ${t} bytes`)
return a}function F(e,t){const n=D(e)
if(!n.startsWith("ed25519:"))throw new r("an algorithm that is not known")
return H(n.slice(8),t)}const z=e=>F(e,32),X=e=>F(e,64)
function K(e,t){const n=t.indexOf(D(e))
if(n<0)throw new r("a word that is not known")
return n}const G=e=>C(e,y,e=>H(e))
function W(e){const t=D(e)
if(T(t)!==t)throw new r("an issuer id is not in normal form")
return t}const Y=e=>A(D(e))
function V(e){const t=U(e,["version","chain_id","height","round","time_ms","log_size","log_root","state_root","past","validators_hash","next_validators_hash"])
return{...J(t.version),chainId:H(t.chain_id),height:L(t.height),round:L(t.round,O),timeMs:L(t.time_ms),logSize:L(t.log_size),logRoot:H(t.log_root),stateRoot:H(t.state_root),past:H(t.past),validatorsHash:H(t.validators_hash),nextValidatorsHash:H(t.next_validators_hash)}}function J(e){const t=U(e,["layout","rules"])
return{layout:L(t.layout,255),rules:L(t.rules,255)}}function Z(e){const t=U(e,["previous","history_root","batches_root"])
return{previous:H(t.previous),historyRoot:H(t.history_root),batchesRoot:H(t.batches_root)}}function q(e){const t=U(e,["number","first_height","validators"])
return _({number:L(t.number,O),firstHeight:L(t.first_height),validators:C(t.validators,S,e=>{const t=U(e,["member","key"])
return{member:Y(t.member),key:z(t.key)}})})}function Q(e){const t=U(e,["height","round","block","signatures"])
return{height:L(t.height),round:L(t.round,O),block:H(t.block),signatures:C(t.signatures,S,e=>{const t=U(e,["validator","signature"])
return{validator:L(t.validator,65535),signature:X(t.signature)}})}}function ee(e){const t=U(e,["header","certificate","next"])
return{header:V(t.header),certificate:Q(t.certificate),next:q(t.next)}}function te(e){if(Array.isArray(e)&&e.length>l)throw new P("more than 64 validator changes")
return B(e,l,ee)}function ne(e){const t=d(e)?e.by:void 0
if("certificate"===t){const n=U(e,["by","certificate"],["validator_changes"])
return{by:t,certificate:Q(n.certificate),changes:te(n.validator_changes)}}if("sealed"===t){const n=U(e,["by","path"])
return{by:t,path:G(n.path)}}if("history"!==t)throw new r("finality by what is not known")
const n=U(e,["by","path","past","header","certificate"],["validator_changes"])
return{by:t,path:G(n.path),past:Z(n.past),header:V(n.header),certificate:Q(n.certificate),changes:te(n.validator_changes)}}function ae(e){const t=U(e,["format","document","opening","proof"])
if("sanad-receipt/v1"!==t.format)throw new r("not a receipt")
return{document:K(t.document,m),opening:re(t.opening),proof:se(t.proof)}}function re(e){const t=d(e)?e.form:void 0
if("full"===t){const n=U(e,["form","secret"],["summary"])
return{form:t,secret:H(n.secret),summary:j(n.summary,ie)}}if("paper"===t){const n=U(e,["form","summary_key","summary","content"])
return{form:t,summaryKey:H(n.summary_key),summary:ie(n.summary),content:H(n.content)}}if("closed-summary"!==t)throw new r("an opening that is not known")
const n=U(e,["form","content_key","summary"])
return{form:t,contentKey:H(n.content_key),summary:H(n.summary)}}function ie(e){if(!d(e))throw new r("not an object")
const t=Object.keys(e)
if(void 0!==t.find(e=>!g.includes(e)))throw new i("a label of the summary that is not known")
const n=t.map(t=>({label:g.indexOf(t),text:D(e[t])}))
return E(n.sort((e,t)=>e.label-t.label))}function se(e){const t=U(e,["entry","index","log_path","status_leaf","status_path","issuer","others_root","header","finality"])
return{entry:oe(t.entry),index:L(t.index),logPath:G(t.log_path),statusLeaf:H(t.status_leaf,I),statusPath:G(t.status_path),issuer:ce(t.issuer),othersRoot:H(t.others_root),header:V(t.header),finality:ne(t.finality)}}function oe(e){const t=U(e,["issuer","event"]),n=U(t.event,["kind","commitment"])
if("issue"!==n.kind)throw new r("the entry is not an issuance")
return{issuer:Y(t.issuer),event:{kind:"issue",commitment:H(n.commitment)}}}function ce(e){const t=U(e,["record","index","count","path"])
return{record:de(t.record),index:L(t.index),count:L(t.count,w),path:G(t.path)}}function de(e){const t=U(e,["id","name","standing","since","issuer_ids","disputed","rest"])
return{id:Y(t.id),name:M(D(t.name),1,p,"name"),standing:K(t.standing,v),since:L(t.since),issuerIds:C(t.issuer_ids,f,e=>{const t=U(e,["id","from"],["until"])
return{id:W(t.id),from:L(t.from),until:j(t.until,e=>L(e))}}),disputed:C(t.disputed,u,e=>{const t=U(e,["from","until"])
return{from:L(t.from),until:L(t.until)}}),rest:H(t.rest)}}function he(e){const t=U(e,["version","name","nonce","log_origin","members"],["predecessor","parameters","signatures"])
return function(e){if(void 0===e)return
if(!d(e)||0===Object.keys(e).length)throw new r("signatures are left out when empty")
for(const t in e){A(t)
const n=U(e[t],["possession"],["agreement"])
if(C(n.possession,1/0,X),void 0!==n.agreement){if(!d(n.agreement)||0===Object.keys(n.agreement).length)throw new r("agreement is left out when empty")
for(const e in n.agreement)z(e),X(n.agreement[e])}}}(t.signatures),R({version:L(t.version,255),name:D(t.name),nonce:H(t.nonce),logOrigin:D(t.log_origin),predecessor:j(t.predecessor,e=>{const t=U(e,["chain_id","height","block"])
return{chainId:H(t.chain_id),height:L(t.height),block:H(t.block)}}),parameters:void 0===t.parameters?N:le(t.parameters),members:C(t.members,1/0,ue)})}function le(e){const t=U(e,["block_bytes_max","heartbeat_ms","protocol"],["next_protocol"])
return{blockBytesMax:L(t.block_bytes_max,O),heartbeatMs:L(t.heartbeat_ms,O),protocol:J(t.protocol),next:j(t.next_protocol,e=>{const t=U(e,["protocol","height"])
return{protocol:J(t.protocol),height:L(t.height)}})}}function ue(e){const t=U(e,["id","name","role","governance_keys","governance_threshold"],["issuing_key","consensus_key","network_key","issuer_ids","addresses","facts"])
return{id:Y(t.id),name:D(t.name),role:K(t.role,k),governanceKeys:C(t.governance_keys,1/0,z),governanceThreshold:L(t.governance_threshold,255),issuingKey:j(t.issuing_key,z),consensusKey:j(t.consensus_key,z),networkKey:j(t.network_key,z),issuerIds:B(t.issuer_ids,1/0,D),addresses:B(t.addresses,1/0,D),facts:B(t.facts,1/0,e=>{const t=U(e,["name","value"])
return{name:D(t.name),value:D(t.value)}})}}return{TooManyChanges:P,fields:U,items:C,optional:j,text:D,integer:L,bytes:H,key:z,word:K,headerOf:V,setOf:q,certificateOf:Q,finalityOf:ne,readReceiptJson:function(e){return ae(h(e,b))},receiptOf:ae,openingOf:re,proofOf:se,recordProofOf:ce,readGenesis:e=>he(h(e,$)),genesisOf:he,readTrustJson:function(e){const t=U(h(e,x),["format","genesis","anchor","seals","remainder"],["validator_changes"])
if("sanad-trust/v1"!==t.format)throw new r("not a trust file")
const n=U(t.anchor,["header","certificate","past"])
return{genesis:he(t.genesis),changes:B(t.validator_changes,16384,e=>{const t=U(e,["header","certificate","next","path"])
return{change:{header:V(t.header),certificate:Q(t.certificate),next:q(t.next)},path:G(t.path)}}),header:V(n.header),certificate:Q(n.certificate),past:Z(n.past),seals:C(t.seals,65536,e=>H(e)),remainder:C(t.remainder,y,e=>H(e))}}}})(),h=(()=>{const{checkMemberId:t,checkSet:n,MEMBERS_MAX:r,VALIDATORS_MAX:i}=a,{Malformed:s}=e,o=4096,c=e=>({blockBytesMax:e.u32(),heartbeatMs:e.u32(),protocol:d(e),next:e.option(()=>({protocol:d(e),height:e.u64()}))}),d=e=>({layout:e.u8(),rules:e.u8()})
function h(e){const n=()=>e.tagged(32),a=t(e.text8()),r=e.text8(),i=e.u8()
if(i>2)throw new s("an unknown role")
return{id:a,name:r,role:i,governanceKeys:e.list32(o,n),governanceThreshold:e.u8(),issuingKey:e.option(n),consensusKey:e.option(n),networkKey:e.option(n),issuerIds:e.list32(o,()=>e.text8()),addresses:e.list32(o,()=>e.text8()),facts:e.list32(o,()=>({name:e.text8(),value:e.text8()}))}}return{readHeader:e=>({layout:e.u8(),rules:e.u8(),chainId:e.hash(),height:e.u64(),round:e.u32(),timeMs:e.u64(),logSize:e.u64(),logRoot:e.hash(),stateRoot:e.hash(),past:e.hash(),validatorsHash:e.hash(),nextValidatorsHash:e.hash()}),readCertificate:e=>({height:e.u64(),round:e.u32(),block:e.hash(),signatures:e.list32(i,()=>({validator:e.u16(),signature:e.tagged(64)}))}),readSet:e=>n({number:e.u32(),firstHeight:e.u64(),validators:e.list32(i,()=>({member:t(e.text8()),key:e.tagged(32)}))}),readGenesis:e=>({version:e.u8(),name:e.text8(),nonce:e.hash(),logOrigin:e.text8(),predecessor:e.option(()=>({chainId:e.hash(),height:e.u64(),block:e.hash()})),parameters:c(e),members:e.list32(r,()=>h(e))}),readParameters:c,readMember:h}})(),l=(()=>{const{Reader:n,equal:i,hex:s,startsWith:l}=t,{signatureHolds:u}=r,{Fault:f,Malformed:m,NewerVerifier:g}=e,{readTrustJson:w}=d,{checkGenesis:p,firstSet:y}=c,{CHANGES_MAX:b,LAYOUT:k,LOG_SIZE_MAX:v,TIME_MS_MAX:x,TRUST_BYTES_MAX:S,blockHash:A,chainIdOf:M,faultyMax:_,pastHash:E,quorum:T,setHash:I,voteMessage:$}=a,{readCertificate:R,readGenesis:O,readHeader:N,readSet:P}=h,{HISTORY:U,SEAL_HEADERS:C,foldHistory:B,isIncluded:j}=o,D=Uint8Array.of(245,115,110,116),L=(e,t)=>({chainId:M(e),genesis:e,sets:[y(e)],header:null,seals:[],nowMs:t})
function H(e,t){const n=(e.header?.height??0)+1
return t>n?null:e.sets.findLast(e=>e.firstHeight<=t)??null}function F(e,t){if(t.layout!==k)throw new f("header","needs-newer-verifier",`a header of layout ${t.layout}`)
if(0===t.height||t.timeMs>x||t.logSize>v)throw new f("header","tampered","a header that no block can have")
if(!i(t.chainId,e.chainId))throw new f("chain","foreign-chain",`a block of chain ${s(t.chainId)}`)}function z(e,t){if(e.header?.height===t.height&&!i(A(t),A(e.header)))throw new f("history","not-proven",`the header at height ${t.height} is not the one of the trust file`)}async function X(e,t,n,a){if(a.length>b)throw new f("validators","needs-trust-file",`${a.length} validator changes`)
const r=e.header
let s
if(null===r){if(s=await W(e,e.sets[0],0,a,t.height),0===a.length&&t.height>1&&!i(I(s),t.validatorsHash))throw new f("anchor","needs-trust-file",`the genesis does not know the validators of height ${t.height}`)
await V(t,n,s)}else if(t.height>r.height){G(e,r)
const o=a.findIndex(e=>e.header.height>r.height),c=o<0?[]:a.slice(o)
if(s=await W(e,e.sets[e.sets.length-1],r.height,c,t.height),0===c.length&&t.height>r.height+1&&!i(I(s),t.validatorsHash))throw new f("anchor","renew",`the trust file does not know the validators of height ${t.height}`)
await V(t,n,s)}else z(e,t),s=H(e,t.height),await V(t,n,s),t.height<r.height&&function(e,t,n,a){const r=e.sets[e.sets.length-1].validators,s=n.signatures.filter(({validator:e})=>{const t=a.validators[e]
return r.some(e=>e.member===t.member&&i(e.key,t.key))})
if(s.length<_(a)+1)throw new f("history","needs-history-path",`${s.length} of its signers still hold their key, too few`)
G(e,t)}(e,r,n,s)
const o=s.validators
return{signers:n.signatures.map(({validator:e})=>o[e].member),validators:o.length}}const K=e=>Math.abs(e)<=864e13?new Date(e).toISOString():`${e} ms after 1970`
function G(e,t){const[n,a]=[e.nowMs,t.timeMs].map(K)
if(e.nowMs<t.timeMs-3e5){const e=new f("anchor","renew",`this device's clock is wrong: it says ${n}, before the trust file's header of ${a}; set the clock`)
throw e.isClock=!0,e}if(e.nowMs>t.timeMs+31536e6)throw new f("anchor","renew",`the trust file's header is of ${a} and by this device's clock, ${n}, no longer vouches for signatures`)}async function W(e,t,n,a,r){let i=t,s=n
for(const t of a){const{height:n}=t.header
if(!(s<n&&n<r))throw new f("validators","tampered",`the change at height ${n} is out of order`)
s=n,i=await Y(e,i,t)}return i}async function Y(e,t,{header:n,certificate:a,next:r}){if(F(e,n),await V(n,a,t),!i(I(r),n.nextValidatorsHash))throw new f("validators","tampered",`not the validators that height ${n.height} names as the next`)
if(!(r.number===t.number+1&&r.firstHeight>t.firstHeight&&r.firstHeight===n.height+1))throw new f("validators","tampered",`the set after height ${n.height} does not follow`)
return r}async function V(e,t,n){if(!i(I(n),e.validatorsHash))throw new f("validators","not-proven",`the validators of height ${e.height} are not those that are trusted`)
if(t.height!==e.height||!i(t.block,A(e)))throw new f("certificate","tampered","the certificate is for another block")
const{signatures:a}=t
if(a.length<T(n))throw new f("certificate","not-proven",`${a.length} signatures at height ${e.height}, ${T(n)} needed`)
if(a.some((e,t)=>t>0&&a[t-1].validator>=e.validator))throw new f("certificate","tampered","signatures are not in strictly ascending order of validator")
const r=$(e,t.round),s=await Promise.all(a.map(async({validator:e,signature:t})=>{const a=n.validators[e]
return void 0!==a&&u(a.key,t,r)}))
a.forEach(({validator:e},t)=>{if(e>=n.validators.length)throw new f("certificate","not-proven",`validator ${e} is not in the set`)
if(s[t])return
const a=s.includes(!0)?`the signature of ${n.validators[e].member} is wrong`:"none of the signatures is over this block"
throw new f("certificate","tampered",a)})}async function J(e,t,n,a){const r=await U.leaf(A(e))
if(!await j(U,r,e.height-1,t-1,a,n))throw new f("history","tampered",`height ${e.height} is not in the history of height ${t}`)}return{TRUST_MAGIC:D,trustGenesis:L,readTrust:function(e){if(e.length>S)throw new m("longer than a trust file may be")
return l(e,D)?function(e){const t=new n(e.subarray(D.length))
if(1!==t.u8())throw new g("a trust file of another version")
const a=O(t),r=t.list32(16384,()=>({change:{header:N(t),certificate:R(t),next:P(t)},path:t.list32(64,()=>t.hash())})),i={genesis:a,changes:r,header:N(t),certificate:R(t),past:{previous:t.hash(),historyRoot:t.hash(),batchesRoot:t.hash()},seals:t.list32(65536,()=>t.hash()),remainder:t.list32(64,()=>t.hash())}
return t.finish(),p(a),i}(e):w(e)},trustFile:async function(e,t){const n=L(e.genesis,t),a=e.header
if(F(n,a),!i(E(e.past),a.past))throw new f("history","tampered","what the anchor's past is said to be is not what it is")
const r=[...n.sets]
let s=0
for(const{change:t,path:o}of e.changes){const{height:c}=t.header
if(!(s<c&&c<=a.height))throw new f("validators","tampered",`the change at height ${c} is out of order`)
if(s=c,r.push(await Y(n,r[r.length-1],t)),c<a.height)await J(t.header,a.height,e.past.historyRoot,o)
else if(!i(A(t.header),A(a))||o.length>0)throw new f("validators","tampered","a change at the anchor's height is not the anchor")}if(await V(a,e.certificate,r.findLast(e=>e.firstHeight<=a.height)),!i(I(r[r.length-1]),a.nextValidatorsHash))throw new f("validators","not-proven","the changes do not lead to the validators after the anchor")
const o=await B(a.height-1,e.seals,e.remainder)
if(null===o||!i(o,e.past.historyRoot))throw new f("history","tampered","seals and remainder are not those of the anchor")
return{...n,sets:r,header:a,seals:e.seals}},setAt:H,setNumbered:(e,t)=>e.sets.find(e=>e.number===t)??null,checkFinal:async function(e,t,n){if(F(e,t),"sealed"===n.by)return async function(e,t,n){if(null===e.header)throw new f("anchor","needs-trust-file","a sealed header needs a trust file")
const a=Math.floor((t.height-1)/C)
if(a>=e.seals.length)throw new f("anchor","renew",`the trust file has no seal over height ${t.height}`)
const r=await U.leaf(A(t))
if(!await j(U,r,(t.height-1)%C,C,n,e.seals[a]))throw new f("history","tampered",`height ${t.height} is not under the seal`)
return{signers:[],validators:H(e,t.height)?.validators.length??0}}(e,t,n.path)
if("certificate"===n.by)return X(e,t,n.certificate,n.changes)
const a=n.header
F(e,a)
const r=await X(e,a,n.certificate,n.changes)
if(!i(E(n.past),a.past))throw new f("history","tampered",`what the past of height ${a.height} is said to be is not what it is`)
return await J(t,a.height,n.past.historyRoot,n.path),z(e,t),r},checkForm:F,checkCertificate:V}})(),u=(()=>{const{Reader:n,equal:r,hex:i,utf8:s}=t,{Fault:c,Malformed:h,NewerVerifier:u}=e,{TooManyChanges:f}=d,{CHANGES_MAX:m,DISPUTED_MAX:g,ISSUER_IDS_MAX:w,LABELS:p,LAYOUT:y,MEMBERS_MAX:b,NAME_BYTES_MAX:k,RECEIPT_BYTES_MAX:v,SUMMARY_BYTES_MAX:x,VALIDATORS_MAX:S,blockHash:A,checkMemberId:M,checkSet:_,checkSummary:E,encodeIssuance:T,encodeRecord:I,normalIssuerId:$,pastHash:R,quorum:O,setHash:N}=a,{LOG:P,MEMBERS:U,STATUS:C,STATUSES_PER_LEAF:B,STATUS_LEAF_BYTES:j,membersRoot:D,pathLength:L,rootOf:H,stateRoot:F}=o,{setAt:z,setNumbered:X}=l,K=Uint8Array.of(245,115,110,100),G=2**32-1
class W extends n{number(e=1/0){let t=0n
for(let n=0n;;n+=7n){const a=this.u8()
if(t|=BigInt(127&a)<<n,t>=1n<<64n||Number(t)>e||n>63n)throw new h("a number out of its range")
if(a<128){if(0===a&&n>0n)throw new h("a number that is longer than needed")
return Number(t)}}}places(e){const t=this.take(Math.ceil(e/8))
return Array.from({length:8*t.length},(e,t)=>t).filter(e=>t[e>>3]>>(7&e)&1)}bitmap(e){const t=this.places(e)
if(t.some(t=>t>=e))throw new c("certificate","not-proven","a validator beyond the set is named")
return t}path(e,t){if(!(e<t))throw new h(`index ${e} is not in a tree of ${t} leaves`)
return this.hashes(L(e,t))}}function Y(e){if(null===e)throw new h("a path does not fit its place")
return e}function V(e){const t=e.at,n=e.u8()
if(n<1||n>p.length)throw new h("a summary has 1 to 8 fields")
const a=Array.from({length:n},()=>({label:e.u8(),text:e.text8()}))
if(e.at-t>x)throw new h("the summary is too long")
if(a.some(({label:e})=>e>=p.length))throw new u("a label of the summary that is not known")
return E(a)}const J=(e,t)=>new c("anchor",null===e.header?"needs-trust-file":"renew",`${t} is not known`)
function Z(e,t,n){const a=e.bitmap(t.validators.length),i=e.number(S),s=[]
for(let n=0;n<i;n++){const a={member:M(e.text8()),key:e.hash()}
if(t.validators.some(e=>e.member===a.member&&r(e.key,a.key)))throw new h("a validator comes that was one before")
if(n>0&&s[n-1].member>=a.member)throw new h("validators that come are not in order")
s.push(a)}const o=[...t.validators.filter((e,t)=>!a.includes(t)),...s].sort((e,t)=>e.member<t.member?-1:Number(e.member>t.member)),d={number:t.number+1,firstHeight:n+1,validators:o}
try{if(_(d),d.firstHeight<=t.firstHeight)throw new h("it begins no later than the set before")}catch(e){if(!(e instanceof h))throw e
throw new c("validators","tampered",`the validators after height ${n}: ${e.message}`)}return d}function q(e){return{rules:e.u8(),height:e.number(),round:e.number(G),timeMs:e.number(),past:e.hash(),logSize:e.number()}}const Q=(e,t,n,a,r,i)=>({...t,layout:y,chainId:e.chainId,logRoot:n,stateRoot:a,validatorsHash:r,nextValidatorsHash:i})
function ee(e,t,n){const a=e.number(G),r=e.bitmap(n.validators.length)
if(r.length!==O(n))throw new c("certificate","not-proven",`${r.length} signatures, not the ${O(n)} that suffice`)
const i=r.map(t=>({validator:t,signature:e.take(64)}))
return{height:t.height,round:a,block:A(t),signatures:i}}function te(e,t){const n=e.number()
if(n<1||n>t)throw new h(`a list of ${n}`)
return n}return{RECEIPT_MAGIC:K,readReceiptBinary:async function(e,t){if(e.length>v)throw new h("longer than a receipt may be")
const n=new W(e)
if(!r(n.take(4),K))throw new h("not a binary receipt")
if(1!==n.u8())throw new u("a binary receipt of another version")
const a=n.take(8)
if(!r(a,t.chainId.subarray(0,8)))throw new c("chain","foreign-chain",`a receipt of chain ${i(a)}…`)
const o=n.u8(),d=3&o,l=o>>4&3
if(128&o||3===d||3===l)throw new h("unknown flags")
const p=function(e,t){return 0===t?{form:"full",secret:e.hash()}:1===t?{form:"full",secret:e.hash(),summary:V(e)}:2===t?{form:"paper",summaryKey:e.hash(),summary:V(e),content:e.hash()}:{form:"closed-summary",contentKey:e.hash(),summary:e.hash()}}(n,o>>2&3),y=n.hash(),x=1===l?null:function(e,t){const n=e.number()
let a=X(t,n)
if(null===a)throw J(t,`validator set ${n}`)
const r=e.number()
if(r>m)throw new f("more than 64 validator changes")
const i=[]
for(let n=0;n<r;n++){const n=q(e),r=e.hash(),s=e.hash(),o=Z(e,a,n.height),c=Q(t,n,r,s,N(a),N(o))
i.push({header:c,certificate:ee(e,c,a),next:o}),a=o}return{changes:i,validators:a}}(n,t),S=2===l&&null!==x?function(e,t,n){const a={rules:e.u8(),height:e.number(),round:e.number(G),timeMs:e.number(),logSize:e.number()},r=e.hash(),i=e.hash(),s={previous:e.hash(),historyRoot:e.hash(),batchesRoot:e.hash()},o=Q(t,{...a,past:R(s)},r,i,N(n),e.hash())
return{header:o,past:s,certificate:ee(e,o,n)}}(n,t,x.validators):null,A=q(n),{height:_,logSize:E}=A,O=null!==S?n.hash():N(null!==x?x.validators:function(e,t){const n=z(e,t)
if(null===n)throw J(e,`the validator set of height ${t}`)
return n}(t,_)),L=64&o?n.hash():O
if(64&o&&r(L,O))throw new h("the next validators hash is given and need not be")
const ne=n.number(),ae=n.path(ne,E),re=function(e){const t=e.u8()
if(t>1)throw new h("a status leaf of another form")
if(1===t){const t=e.take(j)
if(t.filter(e=>0!==e).length<=55)throw new h("a status leaf could be sparse")
return t}const n=new Uint8Array(j),a=e.places(j)
if(a.length>55)throw new h("a status leaf should be whole")
for(const t of a)if(n[t]=e.u8(),0===n[t])throw new h("a byte of the status leaf is given and is 0")
return n}(n),ie=Math.floor(ne/B),se=Math.ceil(E/B),oe=n.path(ie,se),ce=function(e){const t=e.u8()
if(t>15)throw new h("unknown flags of the record")
const n=M(e.text8()),a=e.text8()
if(""===a||s(a).length>k)throw new h("a name of no or too many bytes")
const r=e.number(),i=[]
for(let n=4&t?te(e,w):0;n>0;n--){const t=e.text8()
if($(t)!==t)throw new h("an issuer id is not in normal form")
i.push({id:t,from:e.number(),until:e.number()||void 0})}const o=[]
for(let n=8&t?te(e,g):0;n>0;n--)o.push({from:e.number(),until:e.number()})
return{id:n,name:a,standing:3&t,since:r,issuerIds:i,disputed:o,rest:e.hash()}}(n),de=n.number(),he=n.number(b),le=n.path(de,he),ue=n.hash(),fe=await P.leaf(T(ce.id,y)),me=Y(await H(P,fe,ne,E,ae)),ge=Y(await H(C,await C.leaf(re),ie,se,oe)),we=Y(await H(U,await U.leaf(I(ce)),de,he,le)),pe=Q(t,A,me,F(ge,D(he,we),ue),O,L),ye=function(e,t,n,a){if(null===n)return{by:"sealed",path:e.hashes(16)}
const{changes:r,validators:i}=n
if(null===a)return{by:"certificate",certificate:ee(e,t,i),changes:r}
const s=e.path(Math.max(t.height-1,0),Math.max(a.header.height-1,0))
return{by:"history",path:s,past:a.past,header:a.header,certificate:a.certificate,changes:r}}(n,pe,x,S)
return n.finish(),{document:d,opening:p,proof:{entry:{issuer:ce.id,event:{kind:"issue",commitment:y}},index:ne,logPath:ae,statusLeaf:re,statusPath:oe,issuer:{record:ce,index:de,count:he,path:le},othersRoot:ue,header:pe,finality:ye}}},readSummary:V}})(),f=(()=>{const{decodeUtf8:n,hex:a,unbase64url:i,utf8:o}=t,{sha256:c}=r,{Malformed:d}=e,{JSON_DEPTH_MAX:h,isObject:l,parseDocument:u}=s,f=["_sd","...","_sd_alg"]
function m(e){const t=e.split(".")
if(3!==t.length||t.includes(""))throw new d("not a JWT")
return t}function g(e){const t=u(e)
if(!l(t))throw new d("a part of another type")
return t}function w(e,t){if(!l(e)||Object.keys(e).some(e=>!t.includes(e)))throw new d("the JSON serialisation, or a member that is not part of it")
return e}class p{constructor(){this.open=new Map,this.met=new Set}async process(e,t){for(const t of e){const e=a(await c(o(t))),n=u(i(t))
if(this.open.has(e)||!Array.isArray(n))throw new d("a disclosure is there twice, or not an array")
this.open.set(e,n)}if("_sd_alg"in t&&"sha-256"!==t._sd_alg)throw new d("an unknown _sd_alg")
delete t._sd_alg
const n=this.object(t,1)
if(this.open.size>0)throw new d("no digest refers to a disclosure")
return n}value(e,t){return Array.isArray(e)?this.array(e,t):l(e)?this.object(e,t):e}object(e,t){if(t>h||"..."in e)throw new d("nested too deep, or a reserved name")
const n="_sd"in e?e._sd:[]
if(!Array.isArray(n))throw new d("_sd is not an array")
const a=Object.create(null)
for(const n in e)"_sd"!==n&&(a[n]=this.value(e[n],t+1))
for(const e of n){const n=this.referred(e)
if(void 0===n)continue
const[r,i,s]=n
if(3!==n.length||"string"!=typeof r||"string"!=typeof i)throw new d("a disclosed claim has salt, name and value")
if(f.includes(i)||i in a)throw new d("a disclosed claim has a reserved name, or is there already")
a[i]=this.value(s,t+1)}return a}array(e,t){if(t>h)throw new d("nested too deep")
const n=[]
for(const a of e){let e=a
if(l(a)&&"..."in a&&1===Object.keys(a).length){const t=this.referred(a["..."])
if(void 0===t)continue
if(2!==t.length||"string"!=typeof t[0])throw new d("a disclosed element has salt and value")
e=t[1]}n.push(this.value(e,t+1))}return n}referred(e){const t="string"==typeof e?i(e):new Uint8Array(0)
if(32!==t.length||this.met.has(a(t)))throw new d("a digest is malformed, or met twice")
this.met.add(a(t))
const n=this.open.get(a(t))
return this.open.delete(a(t)),n}}return{readSdJwt:async function(e){if(e.length>1048576)throw new d("longer than 1 MiB")
let t=n(e).replace(/^[ \t\n\r]+|[ \t\n\r]+$/g,"")
t.startsWith("{")&&(t=function(e){let t=e
if("signatures"in e){const n=e.signatures
if(["protected","signature","header"].some(t=>t in e)||!Array.isArray(n)||1!==n.length)throw new d("the JSON serialisation")
w(e,["payload","signatures"]),t=n[0]}const n=["protected","signature","header"],{protected:a,signature:r,header:i=Object.create(null)}=w(t,t===e?["payload",...n]:n)
w(i,["disclosures","kb_jwt"])
const s="disclosures"in i?i.disclosures:[],o="kb_jwt"in i?i.kb_jwt:""
if(!Array.isArray(s)||"kb_jwt"in i&&!o)throw new d("the JSON serialisation")
const c=[a,e.payload,r],h=[...c,...s,o].map(e=>{if("string"!=typeof e||e.includes("~"))throw new d("the JSON serialisation")
return e})
if(h.slice(0,3).some(e=>e.includes(".")))throw new d("the JSON serialisation")
return[h.slice(0,3).join("."),...h.slice(3)].join("~")}(g(o(t))))
const a=t.split("~")
if(a.length<2)throw new d("not an SD-JWT")
const[r,...s]=a.slice(0,-1),c=a[a.length-1]
if(s.length>1024)throw new d(`${s.length} disclosures`)
const[h,l]=m(r).map(e=>i(e)),u=g(h),{alg:f}=u
if("string"!=typeof f||"none"===f.toLowerCase()||"crit"in u)throw new d("the protected header")
""!==c&&m(c).forEach(i)
const y=await(new p).process(s,g(l))
return{issuerSigned:r,claims:y,holderBound:""!==c||"cnf"in y}}}})(),m=(()=>{const{blake3:r,derive:i}=n,{concat:o,equal:c,text8:d,u8:h,utf8:l}=t,{DocumentNeeded:u,Fault:m,Malformed:g}=e,{canonical:w,isObject:p,parseDocument:y}=s,{KINDS:b,LABELS:k,encodeSummary:v,isDate:x}=a,{readSdJwt:S}=f
async function A(e,t){if("json"===b[e]){const e=y(t)
return{digest:r(l(w(e))),said:e}}if("sd-jwt"===b[e]){const{issuerSigned:e,claims:n,holderBound:a}=await S(t)
return{digest:r(l(e)),said:n,holderBound:a}}if(t.length>67108864)throw new g("longer than 64 MiB")
return{digest:r(t)}}function M(e,t,n,a,r){const s=e=>i("sanad/v1 content",o(e,r))
let c,l
return"full"===a.form?(c=new Uint8Array(32),void 0!==a.summary&&(c=_(i("sanad/v1 summary key",a.secret),a.summary)),l=s(i("sanad/v1 content key",a.secret))):"paper"===a.form?(c=_(a.summaryKey,a.summary),l=a.content):(c=a.summary,l=s(a.contentKey)),i("sanad/v1 credential",o(e,d(t),h(n),c,l))}const _=(e,t)=>i("sanad/v1 summary",o(e,v(t)))
function E(e){if(!p(e))return null
const{type:t}=e
if(!("VerifiableCredential"===t||Array.isArray(t)&&t.includes("VerifiableCredential")))return null
const n=e.credentialSubject,a=Array.isArray(n)&&1===n.length?n[0]:n
if(!p(a))return null
const r=p(a.achievement)?a.achievement:{},i="creditsEarned"in a?a.creditsEarned:r.creditsAvailable,s=[[0,T(a)],[1,"achievement"in a?r.name:e.name],[2,I(e,["awardedDate","validFrom","issuanceDate"])],[3,"number"==typeof i?w(i):void 0],[4,a.licenseNumber],[6,I(e,["validUntil","expirationDate"])]]
return new Map(s.flatMap(([e,t])=>"string"==typeof t?[[e,t]]:[]))}function T(e){if("name"in e)return e.name
const t=(Array.isArray(e.identifier)?e.identifier:[e.identifier]).filter(e=>p(e)&&"name"===e.identityType&&!1===e.hashed)
return 1===t.length&&p(t[0])?t[0].identityHash:void 0}function I(e,t){const n=t.find(t=>t in e),a=void 0===n?void 0:e[n],r="string"==typeof a?a.split("T",1)[0]:""
return x(r)?r:void 0}return{digestOf:A,guessKind:function(e){const t=new TextDecoder("latin1").decode(e.subarray(0,1<<20)).replace(/^[ \t\n\r]+/,"")
return t.startsWith("{")?b.indexOf("json"):b.indexOf(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+~/.test(t)?"sd-jwt":"bytes")},commitmentOf:M,checkDocument:async function(e,t,n,a,r,i){let s
if(null!==i)try{s=await A(a,i)}catch(e){if(!(e instanceof g))throw e
throw new m("document","tampered",`the document has no digest: ${e.message}`)}if("paper"===r.form){if(null!==i)throw new m("document","not-proven","a paper receipt does not prove a document")}else if(null===i)throw new u("the document is needed to check this receipt")
if(!c(M(e,t,a,r,s?.digest??new Uint8Array(0)),n))throw new m("document","tampered","the document or the secret was changed")
return{said:s?.said,holderBound:s?.holderBound??!1}},openSummary:e=>"closed-summary"===e.form?void 0:e.summary,contradictions:function(e,t){const n=E(t)
return null===n?null:e.filter(({label:e,text:t})=>n.get(e)!==t).map(({label:e})=>k[e])},derivedFields:E,badgeOf:function(e){if(!p(e)||!("vct"in e)||!p(e.achievement))return null
const t=Object.assign(Object.create(null),{type:["VerifiableCredential"],credentialSubject:e})
for(const[n,a]of[["id","jti"],["issuer","iss"],["validFrom","validFrom"],["validUntil","validUntil"],["awardedDate","awardedDate"]])a in e&&(t[n]=e[a])
return t},namedIssuer:function(e,t){if(!p(t))return
const n="sd-jwt"===b[e]&&"iss"in t?"iss":"issuer"
if(!(n in t))return
const a=p(t[n])?t[n].id:t[n]
return"string"==typeof a?a:null}}})(),g=(()=>{const e=/^(-?)(\d{4}|[1-9]\d{4,})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))?$/
return{moment:function(t){const n="string"==typeof t?e.exec(t):null
if(null===n)return null
const[,a,r,...i]=n,[s,o,c,d,h]=i.map(Number),[l,u]=[i[5]??"",i[6]],f=void 0===u?0:Number(`${u}1`)*(60*Number(i[7])+Number(i[8]))
if(void 0!==u&&(Number(i[8])>59||Math.abs(f)>840))return null
const m=24===c&&0===d&&0===h&&/^0*$/.test(l)
if(c>23&&!m||d>59||h>59||s<1||s>12)return null
if(r.length>5)return""===a?1/0:-1/0
const g=new Date(0)
if(g.setUTCFullYear(Number(`${a}${r}`),s-1,o),o<1||g.getUTCDate()!==o)return null
const w=1e3*(60*(60*c+d-f)+h)
return g.getTime()+w+Number(l.padEnd(3,"0").slice(0,3))},numericDate:e=>"number"==typeof e?Math.floor(1e3*e):null,CLOCK_TOLERANCE_MS:12e4}})(),w=(()=>{const{equal:n,hex:r,startsWith:i}=t,{RECEIPT_MAGIC:c,readReceiptBinary:h}=u,{badgeOf:f,checkDocument:w,contradictions:p,derivedFields:y,namedIssuer:b,openSummary:k}=m,{moment:v,numericDate:x}=g,{Fault:S,Malformed:A,NewerVerifier:M}=e,{TooManyChanges:_,readReceiptJson:E}=d,{isObject:T}=s,{KINDS:I,LABELS:$,MEMBERS_MAX:R,RECEIPT_BYTES_MAX:O,STANDINGS:N,STATUSES:P,blockHash:U,checkRecord:C,encodeIssuance:B,encodeRecord:j,normalIssuerId:D}=a,{LOG:L,MEMBERS:H,STATUS:F,STATUSES_PER_LEAF:z,isIncluded:X,membersRoot:K,rootOf:G,stateRoot:W}=o,{checkFinal:Y}=l,V=new Map([["active",0],["confirmed",0],["proved",0],["stale",1],["suspended",1],["disputed",1],["revoked",1],["tampered",1],["not-proven",1],["needs-history-path",1],["foreign-chain",1],["could-not-be-checked",2],["renew",2],["needs-trust-file",2],["needs-newer-verifier",2]]),J=[...V.keys()]
function Z(e){if(e.length>O)return!1
if(i(e,c))return!0
let t
try{if(t=new TextDecoder("utf-8",{fatal:!0,ignoreBOM:!0}).decode(e),!T(JSON.parse(t)))return!1}catch{return!1}const n=function(e){const t=[],n=e.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]/gs)
let a=0,r="",i=""
for(const[e]of n)1===a&&":"===e?(r=JSON.parse(i),t.push([r,null])):1===a&&":"===i&&e.startsWith('"')&&(t[t.length-1][1]=JSON.parse(e)),"{"!==e&&"["!==e||(a+=1),"}"!==e&&"]"!==e||(a-=1),i=e
return t}(t).filter(([e])=>"format"===e)
return 1===n.length&&"sanad-receipt/v1"===n[0][1]}const q=()=>({verdict:null,reason:null,checks:[],asOf:null,restsOn:null,existedBy:null,form:null,issuer:null,logIndex:null,commitment:null,summary:null,stated:null,start:null,expiry:null,unreadable:[],clockIsWrong:!1,signers:[],validators:0,notProved:[],proof:null})
function Q(e,...t){for(const n of t)e.checks.push({part:n,holds:!0,detail:""})}function ee(e,t){e.checks.push({part:t.part,holds:!1,detail:t.message}),e.clockIsWrong||=t.isClock,(null===e.verdict||J.indexOf(t.word)>J.indexOf(e.verdict))&&(e.verdict=t.word,e.reason=`${t.part}: ${t.message}`)}function te(e,t,n){const a=[],r=[e.summary?.valid_until,e.stated?.valid_until].flatMap(e=>void 0===e?[]:[Date.parse(e)+864e5])
if(T(n)){const i="sd-jwt"===I[t]
for(const{name:t,read:s,list:o}of[{name:"validFrom",read:v,list:a},{name:"issuanceDate",read:v,list:a},{name:"validUntil",read:v,list:r},{name:"expirationDate",read:v,list:r},{name:"nbf",read:x,list:a},{name:"exp",read:x,list:r}]){if(!(t in n))continue
const a=s(n[t])
null!==a?o.push(a):(i||null!==e.stated&&s===v)&&e.unreadable.push(t)}}const i=r.filter(e=>!Number.isNaN(e))
e.start=0===a.length?null:Math.max(...a),e.expiry=0===i.length?null:Math.min(...i)}async function ne(e,t,a){const{header:i,finality:s}=a,{record:o}=a.issuer
e.form=s.by
const c=await Y(t,i,s)
Q(e,"header","chain",..."sealed"===s.by?[]:["validators","certificate"]),"certificate"!==s.by&&Q(e,"history"),Q(e,"anchor"),e.restsOn=t.header?{anchor:"trust-file",height:t.header.height,timeMs:t.header.timeMs}:{anchor:"genesis"},e.asOf={height:i.height,timeMs:i.timeMs},e.signers=c.signers,e.validators=c.validators
const d=a.entry.event.commitment,h=await L.leaf(B(a.entry.issuer,d))
if(!await X(L,h,a.index,i.logSize,a.logPath,i.logRoot))throw new S("inclusion","tampered","the entry is not in the log at that index")
if(Q(e,"inclusion"),e.logIndex=a.index,e.commitment=r(d),e.existedBy=i.timeMs+1e3+5e3*2**Math.min(Math.max(i.round-4,0),12),o.id!==a.entry.issuer)throw new S("issuer","tampered","the record is of another member than the entry's issuer")
const l=await async function({record:e,index:t,count:n,path:a}){try{C(e)}catch(e){if(!(e instanceof A))throw e
throw new S("issuer","tampered",e.message)}if(n>R)throw new S("issuer","tampered",`${n} members`)
const r=await G(H,await H.leaf(j(e)),t,n,a)
if(null===r)throw new S("issuer","tampered","the path of the record does not fit its place")
return K(n,r)}(a.issuer),u=Math.floor(a.index/z),f=Math.ceil(i.logSize/z),m=await G(F,await F.leaf(a.statusLeaf),u,f,a.statusPath)
if(null===m)throw new S("status","tampered","the path of the status leaf does not fit its place")
if(!n(W(m,l,a.othersRoot),i.stateRoot))throw new S("state","tampered","status and record are not those of the block")
return Q(e,"issuer","status","state"),e.issuer={id:o.id,name:o.name,standing:N[o.standing],since:o.since},ae(a.statusLeaf,a.index,o)}function ae(e,t,n){const a=e[Math.floor(t%z/4)]>>t%4*2&3,r=n.disputed.some(({from:e,until:n})=>e<=t&&t<n)
return"active"===P[a]&&r?"disputed":P[a]}return{WORDS:V,verifyReceipt:async function(e,t,n){const a=q()
let r
try{r=i(t,c)?await h(t,e):E(t)}catch(e){return ee(a,function(e,t){if(e instanceof S)return e
if(e instanceof _)return new S("validators","needs-trust-file",e.message)
if(e instanceof M)return new S("encoding","needs-newer-verifier",e.message)
if(!(e instanceof A&&Z(t)))throw e
return new S("encoding","tampered",e.message)}(e,t)),a}a.proof=r.proof,Q(a,"encoding")
try{await async function(e,t,n,a){const{proof:r,opening:i}=n,s=await ne(e,t,r),{record:o}=r.issuer,c=r.entry.event.commitment,{said:d,holderBound:h}=await w(t.chainId,o.id,c,n.document,i,a),l=k(i)
void 0!==l&&(e.summary=Object.fromEntries(l.map(({label:e,text:t})=>[$[e],t])))
Q(e,"paper"===i.form?"summary":"document"),"paper"===i.form&&e.notProved.push("document-not-seen")
h&&e.notProved.push("holder-not-checked")
e.verdict=s
const u="sd-jwt"===I[n.document]&&void 0!==d?f(d):null,m=y(u??d)
null!==m&&(e.stated=Object.fromEntries([...m].map(([e,t])=>[$[e],t])))
te(e,n.document,d),function(e,t,n){const a=k(t.opening)
if(void 0===a||void 0===n||"json"!==I[t.document])return
const r=p(a,n)
null===r?e.notProved.push("summary-without-rule"):0===r.length?Q(e,"summary"):ee(e,new S("summary","not-proven",`the issuer's summary contradicts the document: ${r.join(", ")}`))}(e,n,d),function(e,{document:t,proof:n},a){const r=b(t,a)
if(void 0===r)return void(void 0===a&&"bytes"!==I[t]||e.notProved.push("issuer-not-named"))
const i=null===r?null:D(r),{record:s}=n.issuer,o=s.issuerIds.some(({id:e,from:t,until:a})=>e===i&&t<=n.index&&(void 0===a||n.index<a))
o?Q(e,"issuer-id"):ee(e,new S("issuer-id","not-proven",`the document names another issuer than ${s.id}: ${JSON.stringify(r)}`))}(e,n,d),e.notProved.push("status-after","truth")}(a,e,r,n)}catch(e){if(!(e instanceof S))throw e
ee(a,e)}return a},isClaimed:Z,blank:q,conclude:ee,readDates:te,statusOf:ae,renewFinding:async function(e,t,a,r){const i=q(),s=await ne(i,t,r),o=a.header.height,{height:c}=r.header
if(c<o)throw new A("the export is behind the receipt")
const d=ae(a.statusLeaf,a.index,a.issuer.record)
return(c===o?!n(U(r.header),U(a.header)):"revoked"===d&&"revoked"!==s)?ee(e,new S("online","not-proven","two proofs contradict each other")):(Q(e,"online"),e.verdict===d&&(e.verdict=s),Object.assign(e,{asOf:i.asOf,issuer:i.issuer,signers:i.signers,validators:i.validators})),e}}})(),p=(()=>{const{source:t}=r,{Malformed:n}=e
return{inflate:async function(e,a,r){const i=new Blob([t(e)]).stream().pipeThrough(new DecompressionStream(a)).getReader(),s=[]
let o=0
try{for(;;){const{done:e,value:t}=await i.read()
if(e)break
if(o+=t.length,o>r)throw new n("it inflates to too much")
s.push(t)}}catch(e){throw i.cancel().catch(()=>{}),e instanceof n?e:new n("a compressed part is damaged")}const c=new Uint8Array(o)
let d=0
for(const e of s)c.set(e,d),d+=e.length
return c}}})(),y=(()=>{const{decodeUtf8:n}=t,{Malformed:a}=e,{inflate:r}=p,i=16<<20
const s=e=>e.replace(/[. ]+$/,"").normalize("NFC").toUpperCase().toLowerCase()
async function o(e,t,n){if(33639248!==t.getUint32(n,!0))throw new a("the directory of the ZIP archive is damaged")
if(1&t.getUint16(n+8,!0))throw new a("the ZIP archive is encrypted")
const s=t.getUint16(n+10,!0),o=t.getUint32(n+20,!0),c=t.getUint32(n+42,!0),d=c+30+t.getUint16(c+26,!0)+t.getUint16(c+28,!0),h=e.subarray(d,d+o)
if(8===s)return r(h,"deflate-raw",i)
if(0!==s)throw new a("a compression that is not known")
if(h.length>i)throw new a("a file of the ZIP archive is too long")
return h.slice()}return{isZip:e=>80===e[0]&&75===e[1]&&3===e[2]&&4===e[3],readZip:async function(e){if(e.length>67108864)throw new a("a ZIP archive of more than 64 MiB")
const t=new DataView(e.buffer,e.byteOffset,e.byteLength)
let r=e.length-22
const i=Math.max(0,r-65535)
for(;r>=i&&101010256!==t.getUint32(r,!0);)r-=1
if(r<i)throw new a("a ZIP archive without its directory")
const c=t.getUint16(r+10,!0)
if(c>64)throw new a("a ZIP archive of more than 64 files")
const d=[],h=new Set
try{let i=t.getUint32(r+16,!0)
for(let r=0;r<c;r++){const r=t.getUint16(i+28,!0),c=n(e.subarray(i+46,i+46+r))
if(h.has(s(c)))throw new a("a ZIP archive with two files of one name")
h.add(s(c)),c.endsWith("/")||d.push({name:c,data:await o(e,t,i)}),i+=46+r+t.getUint16(i+30,!0)+t.getUint16(i+32,!0)}}catch(e){if(e instanceof RangeError)throw new a("a ZIP archive that is cut short")
throw e}return d}}})(),b=(()=>{const{Malformed:t}=e,n=/(?:[\0\t\n\f\r ]|%[^\r\n]*)*/y,a=/(\d{1,10})[\0\t\n\f\r ]+\d{1,5}[\0\t\n\f\r ]+R(?![^\0\t\n\f\r ()<>[\]{}/%])/y,r=/[+-]?(?:\d+\.?\d*|\.\d+)(?![^\0\t\n\f\r ()<>[\]{}/%])/y,i=/\/[^\0\t\n\f\r ()<>[\]{}/%]*/y,s=/<[\0\t\n\f\r \dA-Fa-f]*>/y,o=/true|false|null/y
class c{constructor(e){this.number=e}}return{Reference:c,Syntax:class{constructor(e,t){this.text=e,this.at=t}take(e){e.lastIndex=this.at
const t=e.exec(this.text)
return null!==t&&(this.at=e.lastIndex),t}word(e){this.take(n)
const t=this.text.startsWith(e,this.at)
return t&&(this.at+=e.length),t}value(e=0){if(e>64)throw new t("the PDF is damaged: too deep")
if(this.word("<<"))return this.dictionary(e)
if(this.word("[")){const t=[]
for(;!this.word("]");)t.push(this.value(e+1))
return t}if("("===this.text[this.at])return this.string()
const n=this.take(a)
if(n)return new c(Number(n[1]))
const i=this.take(r)
if(i)return Number(i[0])
const d=this.name()
if(null!==d)return d
const h=this.take(s)
if(h){return`(${(h[0].replace(/[^\dA-Fa-f]/g,"").match(/..?/g)??[]).map(e=>String.fromCharCode(parseInt(e.padEnd(2,"0"),16))).join("")}`}const l=this.take(o)
if(l)return"null"===l[0]?null:"true"===l[0]
throw new t("the PDF is damaged: no value")}name(){return this.take(i)?.[0].replace(/#([\dA-Fa-f]{2})/g,(e,t)=>String.fromCharCode(parseInt(t,16)))??null}dictionary(e){const n=new Map
for(;!this.word(">>");){const a=this.name()
if(null===a)throw new t("the PDF is damaged: no name")
if(n.has(a))throw new t("the PDF is damaged: a name stands twice")
n.set(a,this.value(e+1))}return n}string(){const e=this.at
let n=0
do{const e=this.text[this.at]
if(void 0===e)throw new t("the PDF is damaged: no end of a text")
"\\"===e?this.at+=1:"("===e?n+=1:")"===e&&(n-=1),this.at+=1}while(n>0)
return this.text.slice(e,this.at-1)}}}})(),k=(()=>{const{Malformed:t}=e,{inflate:n}=p,{Syntax:a}=b,r=65536,i=4<<20,s=e=>new t(`the PDF is damaged: ${e}`),o=()=>s("a table or an object stream has another form"),c=()=>new t("a filter that is not known")
function d(e){let t=""
for(let n=0;n<e.length;n+=8192)t+=String.fromCharCode(...e.subarray(n,n+8192))
return t}function h(e){if(!Array.isArray(e))throw o()
return e.map(e=>{if(!Number.isInteger(e))throw o()
return Number(e)})}return{textOf:d,Objects:class{constructor(e,n,a){this.data=e,this.whole=n,this.ends=a,this.packedLeft=i,this.at=new Map,this.begins=new Map,this.seen=new Set
for(const e of n.matchAll(/(?<!\d)(\d{1,10})[\0\s]+\d{1,5}[\0\s]+obj(?!\w)/g)){const n=Number(e[1])
this.note(n,e.index)
const a=e.index+e[0].length
if(this.at.set(n,{begin:e.index,start:a}),this.begins.set(e.index,{number:n,start:a}),this.begins.size>r)throw new t("a PDF of too many objects")}}note(e,t){const n=`${this.ends.filter(e=>e<=t).length} ${e}`
if(this.seen.has(n))throw s("an object stands twice in one revision")
this.seen.add(n)}start(e){const t=this.at.get(e)
if(void 0===t)throw s("an object is missing")
return t.start}objectAt(e){const t=new a(this.whole,e),n=t.value()
if(t.word("endobj"))return{value:n,stream:null,end:t.at}
if(!t.word("stream")||null===t.take(/\r?\n/y))throw s("no end of an object")
return{value:n,stream:t.at,end:t.at}}async values(){const e=[]
let t=0
for(const[n,{number:a,start:r}]of this.begins){if(this.at.get(a)?.begin!==n)continue
if(n<t)throw s("objects overlap")
const{value:i,end:o}=this.objectAt(r)
if(t=o,e.push({value:i,holder:a}),i instanceof Map&&"/ObjStm"===i.get("/Type"))for(const t of await this.packed(a,i))e.push({value:t,holder:a})}return e}async packed(e,t){const n=d(await this.stream(e,this.packedLeft))
this.packedLeft-=n.length
const[i,c]=[t.get("/N"),t.get("/First")]
if("number"!=typeof i||"number"!=typeof c||i>r)throw o()
const h=new a(n,0),l=[]
let u=c
for(let t=0;t<i;t++){const[t,r]=[h.value(),h.value()]
if("number"!=typeof t||"number"!=typeof r)throw o()
if(this.note(t,this.at.get(e).begin),c+r<u)throw s("objects overlap")
const i=new a(n,c+r)
l.push(i.value()),u=i.at}return l}async stream(e,t){return this.streamAt(this.start(e),t)}async streamAt(e,r){const{value:i,stream:o}=this.objectAt(e)
if(!(i instanceof Map)||null===o)throw s("no stream")
const d=i.get("/Length"),h=null!==d&&"object"==typeof d&&"number"in d?this.objectAt(this.start(d.number)).value:d
if("number"!=typeof h||!Number.isInteger(h)||h<0)throw s("no length")
if(!new a(this.whole,o+h).word("endstream"))throw s("another length")
const l=this.data.subarray(o,o+h),u=[i.get("/Filter")??[]].flat()
if(0===u.length){if(l.length>r)throw new t("too long")
return l}if(u.length>1||"/FlateDecode"!==u[0])throw c()
return function(e,t){if(null===t)return e
if(!(t instanceof Map))throw c()
if(1===(t.get("/Predictor")??1))return e
const n=t.get("/Columns")??1,a=1===(t.get("/Colors")??1)&&8===(t.get("/BitsPerComponent")??8)
if(Number(t.get("/Predictor"))<10||"number"!=typeof n||n<1||!a)throw c()
const r=Math.floor(e.length/(n+1)),i=new Uint8Array(r*n)
for(let t=0;t<r;t++){const a=e[t*(n+1)]
if(a>2)throw c()
for(let r=0;r<n;r++){const s=t*n+r,o=2===a?i[s-n]??0:1===a&&r>0?i[s-1]:0
i[s]=e[t*(n+1)+1+r]+o}}return i}(await n(l,"deflate",r),[i.get("/DecodeParms")??null].flat()[0])}async inTables(){const e=/startxref[\0\s]+(\d{1,10})[\0\s]+%%EOF[\0\s]*$/.exec(this.whole.slice(-1024))
if(null===e)throw s("it has no end")
const n=new Map,a=new Set,i=[Number(e[1])]
for(let e=i.shift();void 0!==e;e=i.shift()){if("number"!=typeof e||a.has(e)||64===a.size)throw s("no chain of tables")
a.add(e)
const{fields:c,entries:d}=this.whole.startsWith("xref",e)?this.table(e):await this.tableStream(e)
for(const[e,t]of d)n.has(e)||n.set(e,t)
if(c.has("/Encrypt"))throw new t("the PDF is encrypted")
const h=c.get("/Size")
if("number"!=typeof h||h>r)throw o()
for(const e of["/XRefStm","/Prev"])c.has(e)&&i.push(c.get(e))}for(const[e,t]of n)if(null!==t&&this.at.get(e)?.begin!==t)throw s("its tables lead elsewhere")
return new Set([...n].flatMap(([e,t])=>null===t?[]:[e]))}table(e){const t=new a(this.whole,e+4),n=[]
for(;!t.word("trailer");){const e=t.take(/(\d{1,10}) (\d{1,10})[\r\n ]+/y)
if(null===e||n.length+Number(e[2])>r)throw o()
for(let a=0;a<Number(e[2]);a++){const r=t.take(/(\d{10}) \d{5} ([nf])[\r\n ]{1,2}/y)
if(null===r)throw o()
n.push([Number(e[1])+a,"n"===r[2]?Number(r[1]):null])}}const i=t.value()
if(!(i instanceof Map))throw o()
return{fields:i,entries:n}}async tableStream(e){const t=this.begins.get(e)?.start,n=void 0===t?null:this.objectAt(t).value
if(void 0===t||!(n instanceof Map)||"/XRef"!==n.get("/Type"))throw s("no table")
const a=await this.streamAt(t,i),c=h(n.get("/W")),d=h(n.get("/Index")??[0,n.get("/Size")??null]),l=c.reduce((e,t)=>e+t,0)
if(3!==c.length||0===l||d.length%2!=0)throw o()
const u=[]
let f=0
const m=e=>a.subarray(f,f+=e).reduce((e,t)=>256*e+t,0)
for(let e=0;e<d.length;e+=2)for(let t=d[e];t<d[e]+d[e+1];t++){if(f+l>a.length||u.length===r)throw o()
const e=0===c[0]?1:m(c[0]),n=m(c[1])
m(c[2]),u.push([t,1===e?n:null])}return{fields:n,entries:u}}}}})(),v=(()=>{const{equal:n}=t,{Malformed:a}=e,{isClaimed:r}=w,{Objects:i,textOf:s}=k,{Reference:o}=b,c=1024,d=e=>s(e.subarray(0,1024)).indexOf("%PDF-")
async function h(e,t){const n=t?await e.inTables():null,r=new Map
for(const{value:t,holder:i}of await e.values())for(const e of l(t)){const t=e.get("/EF")
if(!(t instanceof Map))throw new a("an attachment without its file")
for(const s of t.values()){if(!(s instanceof o))throw new a("an attachment without its file")
if(!(null===n||n.has(i)&&n.has(s.number)))throw new a("an attachment that is in no table")
r.set(s.number,e.get("/UF")??e.get("/F"))}}if(0===r.size)throw new a("no attachments: not a certificate of this ledger")
if(2!==r.size)throw new a(`${r.size} attachments, not two`)
const i=[]
for(const[t,n]of[...r].sort(([e],[t])=>e-t))i.push({data:await e.stream(t,1048576),name:n})
return i}function l(e){return Array.isArray(e)?e.flatMap(l):e instanceof Map?[...e.has("/EF")?[e]:[],...[...e.values()].flatMap(l)]:[]}return{isPdf:e=>d(e)>=0,readPdf:async function(e){if(e.length>4194304)throw new a("a PDF of more than 4 MiB")
const t=e.subarray(d(e)),o=s(t)
if(/\/Encrypt\b/.test(o))throw new a("the PDF is encrypted")
const l=function(e){const t=[]
for(const n of e.matchAll(/%%EOF/g))if(t.push(n.index+n[0].length),t.length>16)throw new a("too many revisions")
const n=t.length>1&&/\/Linearized\b/.test(e.slice(0,c))
return n?t.slice(1):t}(o),u=await h(new i(t,o,l),!0)
for(const e of l.slice(0,-1)){const r=await h(new i(t.subarray(0,e),o.slice(0,e),l),!1).catch(e=>{if(e instanceof a)return[]
throw e}),s=r.length===u.length&&u.every(({data:e,name:t},a)=>n(r[a].data,e)&&r[a].name===t)
if(!s)throw new a("the attachments differ between the revisions of the file")}const[f,m]=[u.filter(e=>r(e.data)),u.filter(e=>!r(e.data))]
if(1!==f.length)throw new a(0===f.length?"no receipt among the attachments":"two receipts")
return{receipt:f[0].data,document:m[0].data}}}})(),x=(()=>{const{equal:n,startsWith:a,utf8:r}=t,{RECEIPT_MAGIC:s}=u,{Malformed:o}=e,{isClaimed:c}=w,{isZip:d,readZip:h}=y,{readCode:l}=i,{isPdf:f,readPdf:m}=v
const g=e=>e.slice(0,e.length-p(e).length),p=e=>e.replace(/^.*[/\\]/,"")
async function b(e,t){const a=new Set(t.filter(({data:e})=>k(e))),r=new Set(t.filter(({data:e})=>!k(e))),i=[],s=(t,n)=>{i.push({name:p(t.name),document:t.data,receipt:x(n.data),folder:e,how:"files"}),r.delete(t),a.delete(n)}
for(const e of a){const t=[...r].find(({name:t})=>e.name.startsWith(`${t}.receipt`))
void 0!==t&&s(t,e)}for(const t of r)if(f(t.data))try{const a=await m(t.data)
i.some(e=>n(e.receipt,a.receipt)&&null!==e.document&&n(e.document,a.document))||i.push({name:p(t.name),...a,folder:e,how:"pdf"}),r.delete(t)}catch(e){if(!(e instanceof o)||1!==a.size||1!==r.size)throw e}1===a.size&&1===r.size&&s([...r][0],[...a][0])
for(const{name:t,data:n}of a)i.push({name:p(t),document:null,receipt:x(n),folder:e,how:"stray"})
return i}const k=e=>c(e)||null!==S(e),x=e=>S(e)??e
function S(e){if(e.length>8192||a(e,s))return null
try{const t=l(new TextDecoder("latin1").decode(e))
return null!==t&&"receipt"in t&&c(t.receipt)?t.receipt:null}catch(e){if(!(e instanceof o))throw e
return null}}return{pairsOf:async function(e){const t=[]
for(const n of e)d(n.data)?t.push(...(await h(n.data)).map(({name:e,data:t})=>({name:e,data:t,folder:`${n.name}/${g(e)}`}))):t.push({...n,folder:""})
const n=[]
for(const e of new Set(t.map(e=>e.folder)))n.push(...await b(e,t.filter(t=>t.folder===e)))
if(0===n.length)throw new o("no receipt among the files")
return n},readText:function(e){if(e.length>16777216)throw new o("the text is too long")
const t=l(e)
if(null!==t&&"key"in t)return t
const n=t?.receipt??r(e)
if(!c(n))throw new o("neither a link, nor digits of a receipt, nor a receipt")
return{pair:{name:"",document:null,receipt:n}}}}})(),S=(()=>{const e=/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu
return{visible:t=>t.replace(e,e=>`\\u{${e.codePointAt(0).toString(16)}}`)}})(),A=(()=>{const{visible:e}=S,t={en:{title:"Check a certificate",lead:"Open the certificate that you were shown. It is checked on this device; nothing is sent anywhere.",skip:"Skip to the result",choose:"Choose a file",drop:"or drop it here: PDF, credential and receipt, ZIP",paste:"Paste a link, the digits of a code, or a receipt",check:"Check",camera:"Scan with the camera","camera-stop":"Stop the camera","camera-none":"This browser reads no codes. Scan the code with your phone's camera app, or choose the file.","camera-denied":"The camera cannot be used. Scan the code with your phone's camera app, or choose the file.",another:"Check another",working:"Checking…",language:"Bahasa Indonesia","no-crypto":"This browser cannot check signatures. Use a current Chrome, Firefox, Safari or Edge, and open the page over https.",trust:"Trusted for checking","trust-none":"This page knows no consortium yet. Choose the genesis or trust file that you got from somebody you trust.","trust-choose":"Use another genesis or trust file","trust-genesis":"{name}, from its genesis only","trust-file":"{name}, up to {time} ({age})",fingerprint:"Fingerprint, to compare with the one that the consortium publishes","page-hash":"Every copy of this page has the same files; page.sha256 beside it has their hashes, to compare with those that the consortium publishes.","verdict-active":"Valid: this certificate is active.","verdict-confirmed":"Valid: active, and the issuer has confirmed it.","verdict-suspended":"Suspended: not to be relied on for now.","verdict-disputed":"Disputed: it was entered while somebody else may have had the issuer's key. Ask the issuer.","verdict-revoked":"Revoked: the issuer has withdrawn it for ever.","verdict-expired":"Expired: its own end date is over.","verdict-not-yet":"Not yet valid: its own start date lies ahead.","verdict-dates":"Not proven: a date of its own cannot be read.","verdict-tampered":"Tampered: the certificate or its proof was changed.","verdict-not-proven":"Not proven: something is missing, or contradicts what is known.","verdict-needs-history-path":"Not proven: the receipt is too old for its signatures. Ask the holder for a renewed receipt.","verdict-foreign-chain":"From another consortium: this page cannot say anything about it.","verdict-renew":"Could not be checked: this page's trust file must be renewed. Load the page again.","verdict-clock":"Could not be checked: this device's clock is wrong. Set it, and load the page again.","verdict-needs-trust-file":"Could not be checked: a trust file of the consortium is needed.","verdict-needs-newer-verifier":"Could not be checked: a newer version of this page is needed.","verdict-endorsement":"Valid: this is an endorsement of another document, not a certificate.","verdict-alone":"Valid as a certificate of {name} alone: it names others who are not shown to have signed it.","verdict-mixed":"These files belong to different certificates. Each is judged by itself below.","verdict-mixed-one":"Valid by itself, but it lies among the files of another certificate.","verdict-unread":"Could not be checked: {why}","why-document-needed":"The receipt alone proves nothing. Choose it together with the certificate's file.","why-box-missing":"Nothing lies behind this link. It may have been deleted; that says nothing about the certificate.","why-offline":"There is no connection to the issuer's site. Choose the file, or scan the larger code.","why-unreachable":"no connection","why-code-site":"A link can only be opened on the issuer's own site. Open the link itself in this browser.","as-of":"As of {time} ({age})","asked-now":"asked just now at {source}","not-asked":"not asked since",unanswered:"the status now could not be had: {why}","not-seen":"Only what is shown here is proved. Anything else printed on the paper was not seen.",who:"Holder",what:"Certificate",when:"Awarded on",by:"Issued by",credits:"Credits",number:"Number",level:"Level",from:"Valid from",until:"Valid until",programme:"Programme",file:"File",entered:"In the ledger since, at the latest","no-facts":"Proved is the file itself: what it says is in the file.","standing-frozen":"its keys are frozen","standing-suspended":"suspended by the consortium","standing-retired":"has left the consortium",agrees:"The file names this university as its issuer.","institutions-title":"Who stands behind it","institution-entered":"{name} entered it in the ledger.","institution-signed":"{name} has signed this file ({file}).","institution-achievement":"{name} has not signed this certificate: its endorsement is of the achievement, whoever is awarded it ({file}).","institution-id":"{name} has not signed this file: its endorsement is of whatever has the same id ({file}).","institution-not-good":"{name} has not signed this file: its endorsement does not hold ({file}).","institution-named-only":"{name} has not signed: only the issuer names it. If it has endorsed this file, open the endorsement with it.","institution-more":"The file names more institutions than are read.","checks-title":"Every check",ok:"holds",failed:"does not hold","open-title":"What this does not prove","details-title":"Details and evidence",download:"Download the evidence","detail-block":"Block","detail-index":"Log index","detail-commitment":"Commitment","detail-signed":"Signed by","detail-of":"{signed} of {validators}: {names}","detail-reason":"Reason","detail-dates":"Dates that cannot be read","detail-rests":"Rests on","rests-genesis":"genesis only","rests-file":"the trust file of block {height}","proves-encoding":"The receipt can be read to its end.","proves-header":"The block's header is well formed.","proves-chain":"It belongs to this consortium.","proves-anchor":"What is trusted reaches the block, and is recent enough.","proves-validators":"The validators are those of that time.","proves-certificate":"More than two thirds of them signed the block.","proves-history":"The block is in the history that is trusted.","proves-inclusion":"The issuer entered it in the ledger.","proves-issuer":"The issuer's name and standing are those of the register.","proves-status":"Its status is the one of the block.","proves-state":"Statuses and register are those of the block.","proves-document":"The file is the one that was issued.","proves-summary":"The summary is the one that was issued, and contradicts nothing.","proves-issuer-id":"The issuer that the file names is this university.","proves-online":"The status comes from the newest block of the export.","open-document-not-seen":"anything of the certificate beyond what is shown here","open-holder-not-checked":"that the person who shows it is its holder","open-summary-without-rule":"that the file says what the summary says: no rule compares them","open-issuer-not-named":"that the file speaks of this university: it names no issuer that can be compared","open-status-after":"the status after the time given above","open-truth":"that what it says is true, or who is showing it",explorer:"The ledger","explorer-lead":"Blocks and members as of the last block. Every number is checked in this browser, or marked.","explorer-none":"This page has no export to ask, or no consortium.","explorer-error":"Could not be checked: {why}","explorer-head":"Block {height} of {time} ({age}), signed by {signed} of {validators} validators; {entries} entries in the log.",members:"Members","member-name":"Name","member-standing":"Standing","member-entries":"Entries about it","standing-since":"{standing} since block {height}","member-role":"Role: {role}","role-observer":"observer","role-issuer":"issuer","role-validator":"validator","member-keys":"Keys, now and before","member-key":"Key","member-range":"Log indices","member-ids":"Names as an issuer","member-disputed":"Disputed: {range}",range:"from {from}, before {until}","range-open":"from {from}","key-governance":"governance","key-issuing":"issuing","key-consensus":"consensus","key-network":"network","counts-do":"Count what it issued, from its {entries} entries","counts-unavailable":"What it issued can be counted at a node.",counts:"Issued {issued}, counted from every entry as of block {height}: {active} active, {confirmed} confirmed, {suspended} suspended, {disputed} disputed, {revoked} revoked.","standing-active":"active",blocks:"Last blocks","block-time":"Time","block-log":"Entries","block-hash":"Hash","age-now":"just now","age-ahead":"ahead of this device's clock: check the clock","age-past":"{amount} ago",days:"{n} days",day:"1 day",hours:"{n} hours",hour:"1 hour",minutes:"{n} minutes",minute:"1 minute"},id:{title:"Periksa sertifikat",lead:"Buka sertifikat yang ditunjukkan kepada Anda. Pemeriksaan berlangsung di perangkat ini; tidak ada yang dikirim ke mana pun.",skip:"Langsung ke hasil",choose:"Pilih berkas",drop:"atau letakkan di sini: PDF, kredensial beserta tanda terimanya, ZIP",paste:"Tempelkan tautan, angka sebuah kode, atau tanda terima",check:"Periksa",camera:"Pindai dengan kamera","camera-stop":"Hentikan kamera","camera-none":"Peramban ini tidak membaca kode. Pindai kodenya dengan aplikasi kamera ponsel, atau pilih berkasnya.","camera-denied":"Kamera tidak dapat digunakan. Pindai kodenya dengan aplikasi kamera ponsel, atau pilih berkasnya.",another:"Periksa yang lain",working:"Memeriksa…",language:"English","no-crypto":"Peramban ini tidak dapat memeriksa tanda tangan. Gunakan Chrome, Firefox, Safari atau Edge terkini, dan buka halaman ini melalui https.",trust:"Dasar kepercayaan","trust-none":"Halaman ini belum mengenal satu konsorsium pun. Pilih genesis atau berkas kepercayaan dari pihak yang Anda percayai.","trust-choose":"Gunakan genesis atau berkas kepercayaan lain","trust-genesis":"{name}, dari genesis saja","trust-file":"{name}, sampai {time} ({age})",fingerprint:"Sidik, untuk dibandingkan dengan yang diumumkan konsorsium","page-hash":"Semua salinan halaman ini memiliki berkas yang sama; page.sha256 di sampingnya memuat hash-nya, untuk dibandingkan dengan yang diumumkan konsorsium.","verdict-active":"Sah: sertifikat ini aktif.","verdict-confirmed":"Sah: aktif, dan dikukuhkan penerbitnya.","verdict-suspended":"Ditangguhkan: untuk sementara tidak dapat diandalkan.","verdict-disputed":"Dipersengketakan: dimasukkan ketika pihak lain mungkin memegang kunci penerbit. Tanyakan kepada penerbit.","verdict-revoked":"Dicabut: penerbit telah menariknya untuk selamanya.","verdict-expired":"Tidak berlaku lagi: tanggal akhirnya sudah lewat.","verdict-not-yet":"Belum berlaku: tanggal mulainya belum tiba.","verdict-dates":"Tidak terbukti: ada tanggalnya yang tidak dapat dibaca.","verdict-tampered":"Telah diubah: sertifikat atau buktinya tidak lagi asli.","verdict-not-proven":"Tidak terbukti: ada yang kurang, atau bertentangan dengan yang diketahui.","verdict-needs-history-path":"Tidak terbukti: tanda terimanya terlalu lama. Mintalah tanda terima yang diperbarui kepada pemegangnya.","verdict-foreign-chain":"Dari konsorsium lain: halaman ini tidak dapat menilai sertifikat itu.","verdict-renew":"Tidak dapat diperiksa: berkas kepercayaan halaman ini perlu diperbarui. Muat ulang halaman.","verdict-clock":"Tidak dapat diperiksa: jam perangkat ini salah. Setel jamnya, lalu muat ulang halaman.","verdict-needs-trust-file":"Tidak dapat diperiksa: diperlukan berkas kepercayaan konsorsium.","verdict-needs-newer-verifier":"Tidak dapat diperiksa: diperlukan versi halaman yang lebih baru.","verdict-endorsement":"Sah: ini dukungan atas dokumen lain, bukan sertifikat.","verdict-alone":"Sah sebagai sertifikat {name} saja: lembaga lain yang disebutnya belum terbukti menandatanganinya.","verdict-mixed":"Berkas-berkas ini milik sertifikat yang berbeda. Masing-masing dinilai sendiri di bawah.","verdict-mixed-one":"Sah dengan sendirinya, tetapi terletak di antara berkas sertifikat lain.","verdict-unread":"Tidak dapat diperiksa: {why}","why-document-needed":"Tanda terima saja tidak membuktikan apa pun. Pilihlah bersama berkas sertifikatnya.","why-box-missing":"Tidak ada apa pun di balik tautan ini. Mungkin sudah dihapus; itu tidak berarti sertifikatnya tidak sah.","why-offline":"Tidak ada sambungan ke situs penerbit. Pilih berkasnya, atau pindai kode yang lebih besar.","why-unreachable":"tidak ada sambungan","why-code-site":"Tautan hanya dapat dibuka di situs penerbitnya. Bukalah tautan itu sendiri di peramban ini.","as-of":"Per {time} ({age})","asked-now":"baru saja ditanyakan ke {source}","not-asked":"tidak ditanyakan lagi sejak itu",unanswered:"status saat ini tidak dapat diperoleh: {why}","not-seen":"Yang terbukti hanyalah yang tertulis di sini. Tulisan lain pada kertas tidak dilihat.",who:"Pemegang",what:"Sertifikat",when:"Diberikan pada",by:"Diterbitkan oleh",credits:"Kredit",number:"Nomor",level:"Jenjang",from:"Berlaku sejak",until:"Berlaku sampai",programme:"Program",file:"Berkas",entered:"Ada di buku besar selambat-lambatnya","no-facts":"Yang terbukti adalah berkasnya: isinya ada di dalam berkas itu.","standing-frozen":"kuncinya dibekukan","standing-suspended":"ditangguhkan konsorsium","standing-retired":"telah keluar dari konsorsium",agrees:"Berkas itu menyebut universitas ini sebagai penerbitnya.","institutions-title":"Siapa yang menjaminnya","institution-entered":"{name} memasukkannya ke dalam buku besar.","institution-signed":"{name} menandatangani berkas ini ({file}).","institution-achievement":"{name} tidak menandatangani sertifikat ini: yang didukungnya adalah capaiannya, siapa pun penerimanya ({file}).","institution-id":"{name} tidak menandatangani berkas ini: yang didukungnya adalah apa pun yang memiliki id sama ({file}).","institution-not-good":"{name} tidak menandatangani berkas ini: dukungannya tidak berlaku ({file}).","institution-named-only":"{name} tidak menandatangani: hanya penerbit yang menyebutnya. Jika ia mendukung berkas ini, buka dukungannya bersama berkas ini.","institution-more":"Berkas itu menyebut lebih banyak lembaga daripada yang dibaca.","checks-title":"Semua pemeriksaan",ok:"benar",failed:"tidak benar","open-title":"Yang tidak dibuktikan","details-title":"Rincian dan bukti",download:"Unduh bukti","detail-block":"Blok","detail-index":"Nomor entri","detail-commitment":"Komitmen","detail-signed":"Ditandatangani","detail-of":"{signed} dari {validators}: {names}","detail-reason":"Sebab","detail-dates":"Tanggal yang tidak terbaca","detail-rests":"Bersandar pada","rests-genesis":"genesis saja","rests-file":"berkas kepercayaan dari blok {height}","proves-encoding":"Tanda terima terbaca sampai akhir.","proves-header":"Kepala blok berbentuk benar.","proves-chain":"Berasal dari konsorsium ini.","proves-anchor":"Yang dipercaya menjangkau blok itu, dan cukup baru.","proves-validators":"Para validatornya adalah validator pada saat itu.","proves-certificate":"Lebih dari dua pertiga validator menandatangani blok itu.","proves-history":"Blok itu ada dalam riwayat yang dipercaya.","proves-inclusion":"Penerbit memasukkannya ke dalam buku besar.","proves-issuer":"Nama dan kedudukan penerbit sesuai daftar anggota.","proves-status":"Statusnya adalah status per blok itu.","proves-state":"Status dan daftar anggota adalah milik blok itu.","proves-document":"Berkas inilah yang diterbitkan.","proves-summary":"Ringkasan inilah yang diterbitkan, dan tidak bertentangan dengan apa pun.","proves-issuer-id":"Penerbit yang disebut berkas adalah universitas ini.","proves-online":"Statusnya berasal dari blok terbaru ekspor.","open-document-not-seen":"isi sertifikat selain yang tertulis di sini","open-holder-not-checked":"bahwa yang menunjukkannya adalah pemegangnya","open-summary-without-rule":"bahwa berkas menyatakan isi ringkasan: tidak ada aturan untuk membandingkannya","open-issuer-not-named":"bahwa berkas berbicara tentang universitas ini: tidak ada nama penerbit yang dapat dibandingkan","open-status-after":"status setelah waktu yang tertulis di atas","open-truth":"bahwa isinya benar, atau siapa yang menunjukkannya",explorer:"Buku besar","explorer-lead":"Blok dan anggota per blok terakhir. Setiap angka diperiksa di peramban ini, atau ditandai.","explorer-none":"Halaman ini tidak memiliki ekspor untuk ditanyai, atau konsorsium.","explorer-error":"Tidak dapat diperiksa: {why}","explorer-head":"Blok {height} dari {time} ({age}), ditandatangani {signed} dari {validators} validator; {entries} entri dalam log.",members:"Anggota","member-name":"Nama","member-standing":"Kedudukan","member-entries":"Entri tentangnya","standing-since":"{standing} sejak blok {height}","member-role":"Peran: {role}","role-observer":"pengamat","role-issuer":"penerbit","role-validator":"validator","member-keys":"Kunci, kini dan dulu","member-key":"Kunci","member-range":"Indeks log","member-ids":"Nama sebagai penerbit","member-disputed":"Dipersengketakan: {range}",range:"dari {from}, sebelum {until}","range-open":"dari {from}","key-governance":"tata kelola","key-issuing":"penerbitan","key-consensus":"konsensus","key-network":"jaringan","counts-do":"Hitung yang diterbitkannya, dari {entries} entri","counts-unavailable":"Yang diterbitkannya dapat dihitung di sebuah node.",counts:"Diterbitkan {issued}, dihitung dari semua entri per blok {height}: {active} aktif, {confirmed} dikonfirmasi, {suspended} ditangguhkan, {disputed} dipersengketakan, {revoked} dicabut.","standing-active":"aktif",blocks:"Blok terakhir","block-time":"Waktu","block-log":"Entri","block-hash":"Hash","age-now":"baru saja","age-ahead":"di depan jam perangkat ini: periksa jamnya","age-past":"{amount} lalu",days:"{n} hari",day:"1 hari",hours:"{n} jam",hour:"1 jam",minutes:"{n} menit",minute:"1 menit"}}
return{WORDS_OF:t,speaker:function(n){const a=(a,r={})=>{const i=t[n][a]
if(void 0===i)throw new RangeError(`no words for ${a}`)
return i.replace(/\{(\w+)\}/g,(t,n)=>e(String(r[n])))},r="en"===n?"en-GB":"id",i=new Intl.DateTimeFormat(r,{dateStyle:"long",timeStyle:"short",timeZone:"UTC"}),s=new Intl.DateTimeFormat(r,{dateStyle:"long",timeZone:"UTC"})
return{say:a,time:e=>`${i.format(e)} UTC`,day:e=>Number.isNaN(Date.parse(e))?e:s.format(Date.parse(e)),age(e,t){const n=Math.floor((t-e)/1e3)
if(n<-120)return a("age-ahead")
if(n<60)return a("age-now")
const[r,i]=n>=86400?["day",86400]:n>=3600?["hour",3600]:["minute",60],s=Math.floor(n/Number(i))
return a("age-past",{amount:1===s?a(String(r)):a(`${r}s`,{n:s})})}}}}})(),M=(()=>{function e(){const e=globalThis.BarcodeDetector
return void 0===e?null:new e({formats:["qr_code"]})}return{detector:e,codeInPicture:async function(t){const n=e()
if(null===n)return null
const a=await createImageBitmap(t)
return(await n.detect(a))[0]?.rawValue??null},scan:async function(t,n){const a=e()
if(null===a)return null
const r=await navigator.mediaDevices.getUserMedia({video:{facingMode:"environment",width:{ideal:1920}},audio:!1})
try{for(t.srcObject=r,await t.play();!n.aborted;){const[e]=await a.detect(t)
if(e)return e.rawValue
await new Promise(e=>setTimeout(e,150))}return null}finally{for(const e of r.getTracks())e.stop()
t.srcObject=null}}}})(),_=(()=>{const{Malformed:t}=e,{readMember:n}=h,a=4096
function r(e,...t){for(const n of t)"key"===n?e.tagged(32):e[n]()}return{skipGovernanceItem:function(e){const i=e.u8()
if(0===i)e.hash(),e.text8(),e.u64(),function(e){(function(e){const i=()=>e.tagged(32),s=()=>e.tagged(64),o=e.u8()
if(0===o)n(e),e.list32(a,s)
else if(1===o)r(e,"text8","u8")
else if(2===o)e.text8(),e.option(()=>e.text8()),e.option(()=>e.list32(a,()=>r(e,"text8","text8")))
else if(o>=3&&o<=5)e.text8()
else if(6===o||8===o)r(e,"text8","text8")
else if(7===o)e.text8(),e.list32(a,i),e.u8(),e.list32(a,s)
else if(9===o)e.list32(a,()=>e.text8()),e.u8()
else if(10===o)r(e,"u32","u32")
else{if(11!==o)throw new t("a change that is not known")
r(e,"u8","u8","u64")}})(e),r(e,"u64","u64")}(e),e.list32(a,()=>e.text8()),e.option(()=>e.u64())
else if(1===i)e.take(41)
else if(2===i)r(e,"text8","key","u64")
else if(3===i)r(e,"text8","text8")
else{if(4!==i)throw new t("a governance item that is not known")
r(e,"text8","u64"),e.option(()=>e.u8())}}}})(),E=(()=>{const{derive:r}=n,{concat:i,equal:s,list32:o,option:c,tagged:h,text8:l,u32:u,u64:f,u8:m}=t,{Malformed:g}=e,{bytes:w,fields:p,integer:y,items:b,key:k,optional:v,text:x,word:S}=d,{ROLES:A}=a,M=["governance","issuing","consensus","network"],_=4096,E=2**32-1
return{PURPOSES:M,checkRest:function(e,t){if(!s(r("sanad/v1 member rest",function(e){const t=({nextSequence:e,lastBatch:t})=>i(f(e),t)
return i(m(e.role),m(e.governanceThreshold),o(e.keys,e=>i(m(e.purpose),r("sanad/v1 key",h(e.key)),f(e.from),c(e.until,f))),t(e.issuing),t(e.governance),f(e.events.count),e.events.head,u(e.revoked.day),u(e.revoked.count),o(e.addresses,l),o(e.facts,({name:e,value:t})=>i(l(e),l(t))))}(e)),t.rest))throw new g("a rest of another record")
return e},readRest:function(e){const t=()=>({nextSequence:e.u64(),lastBatch:e.hash()})
return{role:e.u8(),governanceThreshold:e.u8(),keys:e.list32(1024,()=>({purpose:e.u8(),key:e.tagged(32),from:e.u64(),until:e.option(()=>e.u64())})),issuing:t(),governance:t(),events:{count:e.u64(),head:e.hash()},revoked:{day:e.u32(),count:e.u32()},addresses:e.list32(_,()=>e.text8()),facts:e.list32(_,()=>({name:e.text8(),value:e.text8()}))}},restOf:function(e){const t=p(e,["role","governance_threshold","keys","issuing","governance","events","revoked","addresses","facts"]),n=e=>{const{next_sequence:t,last_batch:n}=p(e,["next_sequence","last_batch"])
return{nextSequence:y(t),lastBatch:w(n)}},[a,r]=[p(t.events,["count","head"]),p(t.revoked,["day","count"])]
return{role:S(t.role,A),governanceThreshold:y(t.governance_threshold,255),keys:b(t.keys,1024,e=>{const t=p(e,["purpose","key","from"],["until"])
return{purpose:S(t.purpose,M),key:k(t.key),from:y(t.from),until:v(t.until,e=>y(e))}}),issuing:n(t.issuing),governance:n(t.governance),events:{count:y(a.count),head:w(a.head)},revoked:{day:y(r.day,E),count:y(r.count,E)},addresses:b(t.addresses,_,x),facts:b(t.facts,_,e=>{const t=p(e,["name","value"])
return{name:x(t.name),value:x(t.value)}})}}}})(),T=(()=>{const{derive:r}=n,{Reader:i,concat:c,equal:u,hex:f,list32:m,option:g,tagged:w,u64:p,u8:y}=t,{readParameters:b}=h,{Malformed:k}=e,{fields:v}=d,{skipGovernanceItem:x}=_,{parseForm:S}=s,{MEMBERS_MAX:A,TRUST_BYTES_MAX:M,checkMemberId:T,encodeParameters:I,encodeRecord:$}=a,{GOVERNANCE:R,LOG:O,MEMBERS:N,PARTS:P,STATUS:U,STATUSES_PER_LEAF:C,STATUS_LEAF_BYTES:B,pathOver:j,rootOver:D}=o,{checkRest:L,readRest:H}=E,{readTrust:F}=l,z=64<<20,X=256,K=256
async function G(e,t,n){const a=await e(t,n)
if(null===a)throw new k(`the export has no ${t}`)
return a}async function W(e){const t=await G(e,"head",1024),n=t.indexOf(10),a=v(S(t.subarray(0,n<0?void 0:n),1024),["format","chain_id","height","block","log_size","manifest"])
if("sanad-export/v2"!==a.format||"number"!=typeof a.height)throw new k("not the head of an export")
return a.height}async function Y(e){const t=new i(e),n=t.list32(A,()=>{const e=function(e){const t=T(e.text8())
return{id:t,name:e.text8(),standing:e.u8(),since:e.u64(),issuerIds:e.list32(A,()=>({id:e.text8(),from:e.u64(),until:e.option(()=>e.u64())})),disputed:e.list32(A,()=>({from:e.u64(),until:e.u64()})),rest:e.hash()}}(t)
return{record:e,rest:L(H(t),e)}}),a=b(t)
t.list32(64,()=>t.u32())
const r=t.list32(1048576,()=>t.hash())
let s=[]
return t.at<e.length&&(s=t.list32(1048576,()=>{const n=t.at
return x(t),e.slice(n,t.at)}),t.list32(A,()=>[t.text8(),t.u64()])),t.finish(),{members:n,records:n.map(({record:e})=>e),pageRoots:r,othersRoot:await V(s,a)}}async function V(e,t){const n=new Uint8Array(32),a=[0===e.length?n:await D(R,await Promise.all(e.map(R.leaf))),r("sanad/v1 parameters",I(t))],i=[e.length,1],s=Array.from({length:8},(e,t)=>c(y(t),p(i[t]??0),a[t]??n))
return D(P,await Promise.all(s.map(P.leaf)))}async function J(e,t,n,a){const r=Math.ceil(n/C),i=Math.floor(t/C),s=Math.floor(i/K),o=a[s]
if(void 0===o)throw new k("the export has no page of this status")
const c=Math.min(K,r-s*K),d=await e(`status/${f(o)}`,K*B)??new Uint8Array(c*B)
if(d.length!==c*B)throw new k("a page of statuses of another length")
const h=Array.from({length:c},(e,t)=>d.slice(t*B,(t+1)*B)),l=await Promise.all(h.map(U.leaf)),u=[...await j(U,l,i%K),...await j(U,a,s)]
return{statusLeaf:h[i%K],statusPath:u}}async function Z(e,t,n){const a=new q(e,n),r=[]
for(let e=0;Math.floor((n-1)/2**e)>0;e++){const i=Math.floor(t/2**e),s=i%2==0?i+1:i-1
s*2**e<n&&r.push(a.node(e,s))}return Promise.all(r)}class q{constructor(e,t){this.source=e,this.size=t,this.tiles=new Map}async node(e,t){if((t+1)*2**e<=this.size)return this.complete(e,t)
const n=await this.node(e-1,2*t)
return(2*t+1)*2**(e-1)>=this.size?n:O.node(n,await this.node(e-1,2*t+1))}async complete(e,t){const n=2**(e%8),a=t*n,r=await this.tile(Math.floor(e/8),Math.floor(a/X)),i=Array.from({length:n},(e,t)=>r.slice(32*(a%X+t)).slice(0,32))
return D(O,i)}tile(e,t){const n=this.tiles.get(`${e}/${t}`)??this.fetch(e,t)
return this.tiles.set(`${e}/${t}`,n),n}async fetch(e,t){const n=`tile/${e}/${Q(t)}`,a=Math.floor(this.size/X**e)-t*X,r=(a<X?await this.source(`${n}.p/${a}`,8192):null)??await G(this.source,n,8192)
if(r.length<32*Math.min(a,X))throw new k("a tile that is too short")
return r}}function Q(e){const t=String(e).padStart(3,"0")
return t.padStart(3*Math.ceil(t.length/3),"0").match(/\d{3}/g).map((e,t,n)=>t<n.length-1?`x${e}`:e).join("/")}async function ee(e,t){const n=e.getReader(),a=[]
let r=0
for(;;){const{done:e,value:i}=await n.read()
if(e)return c(...a)
if(r+=i.length,r>t)throw await n.cancel(),new k("an answer that is too long")
a.push(i)}}return{STATE_BYTES_MAX:z,TILE_HASHES:X,readLatest:async function(e){const t=await W(e),[n,a]=await Promise.all([G(e,`trust/${t}.trust`,M),G(e,`state/${t}`,z)])
return{height:t,file:F(n),state:await Y(a)}},newerProof:async function(e,{height:t,file:n,state:a},r,i){const{header:s,certificate:o}=n
if(r.index>=s.logSize)throw new k("the export is behind the receipt")
const[c,d]=await Promise.all([Z(e,r.index,s.logSize),J(e,r.index,s.logSize,a.pageRoots)]),h=a.records.findIndex(e=>e.id===r.entry.issuer)
if(h<0)throw new k("the issuer is not in the export")
const l=await Promise.all(a.records.map(e=>N.leaf($(e))))
return{entry:r.entry,index:r.index,logPath:c,...d,issuer:{record:a.records[h],index:h,count:l.length,path:await j(N,l,h)},othersRoot:a.othersRoot,header:s,finality:{by:"certificate",certificate:o,changes:n.changes.map(({change:e})=>e).filter(({header:e})=>e.height>i&&e.height<t)}}},needed:G,headHeight:W,readState:Y,bundleName:Q,overHttp:e=>async(t,n)=>{const a=await fetch(new URL(t,e),{credentials:"omit",redirect:"error",cache:"head"===t?"no-store":"default"})
if(404===a.status||410===a.status)return null
if(!a.ok||null===a.body)throw new k(`the export answers with ${a.status}`)
return ee(a.body,n)},readLimited:ee}})(),I=(()=>{const{unbase64url:n}=t,{badgeOf:r,guessKind:i}=m,{Malformed:o}=e,{isObject:c,parseDocument:d}=s,{KINDS:h,normalIssuerId:l}=a,{readSdJwt:u}=f,g=["https://www.w3.org/ns/credentials/v2","https://www.w3.org/2018/credentials/v1"],w=["entered","signed","achievement","id","not-good","named-only"],p=e=>Array.isArray(e)?e:null==e?[]:[e],y=(e,t)=>c(e)&&t in e?e[t]:void 0,b=e=>"string"==typeof e?e:null,k=(e,t)=>p(y(e,"type")).includes(t)
async function v(e){try{const t=h[i(e)]
if("json"===t)return x(d(e))
if("sd-jwt"!==t)return null
const{claims:n}=await u(e)
return null!==x(n)?x(n):r(n)}catch(e){if(e instanceof o)return null
throw e}}function x(e){if(!c(e))return null
const t=p(e["@context"]).some(e=>"string"==typeof e&&g.includes(e))
return k(e,"VerifiableCredential")||t&&"credentialSubject"in e?e:null}function S(e){const t=b(y(e.issuer,"id")??e.issuer),n=p(e.credentialSubject),a=n.map(e=>y(e,"achievement")),r=[...a.flatMap(e=>p(y(e,"creator"))),...n.flatMap(e=>p(y(e,"source"))),...[e,...n,...a].flatMap(e=>[...p(y(e,"endorsement")).map(A),...p(y(e,"endorsementJwt")).map(M)])],i=[]
let s=!1
for(const e of r){if(null==e)continue
const n="string"==typeof e?e:b(y(e,"id")),a=b(y(e,"name"))
null!==n&&null!==t&&_(n,t)||(i.some(e=>null===e.id||null===n?e.id===n&&e.name===a:_(e.id,n))||(32===i.length?s=!0:i.push({id:n,name:a})))}return{named:i,hasMore:s}}const A=e=>y(e,"issuer")??y(e,"iss")
function M(e){try{const t=d(n(String(e).split(".")[1]??""))
return A(y(t,"vc"))??A(t)}catch(t){if(t instanceof o)return e
throw t}}const _=(e,t)=>e===t||null!==l(e)&&l(e)===l(t)
function E(e){if(null===e||!k(e,"EndorsementCredential"))return null
const t=e.credentialSubject,n=Array.isArray(t)&&1===t.length?t[0]:t,a=b(y(n,"id")),r=(Array.isArray(e.relatedResource)?e.relatedResource:[]).find(e=>null!==a&&y(e,"id")===a)
return{id:a,digest:b(y(r,"digestSRI")),comment:b(y(n,"endorsementComment"))??""}}function T({id:e,digest:t},n,a){const r=Array.isArray(a.credentialSubject)?[]:[y(a.credentialSubject,"achievement")]
return t===n?"signed":null===e?null:e===b(a.id)?null===t?"id":"not-good":r.some(t=>e===y(t,"id"))?"achievement":null}const I=({issuer:e,checks:t})=>null!==e&&t.some(({part:e,holds:t})=>t&&"document"===e)
const $=(e,t)=>e.length>t?`${e.slice(0,t)}…`:e
return{credentialIn:v,namedIn:S,endorsementIn:E,institutionsOf:async function(e,t){const{finding:n,document:a}=e,r=null===a?null:await v(a)
if(null===a||null===r||null===n.issuer||!I(n)||null!==E(r))return null
const i=await(async e=>`sha384-${btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-384",new Uint8Array(e)))))}`)(a),s=n.issuer.id,o=[]
for(const e of t){const t=null===e.document?null:E(await v(e.document)),{issuer:n,proof:a}=e.finding
if(null===t||null===n||null===a||!I(e.finding)||n.id===s)continue
const c=T(t,i,r)
if(null===c)continue
const d=a.issuer.record.issuerIds.filter(({from:e,until:t})=>e<=a.index&&(void 0===t||a.index<t))
o.push({state:e.isGood?c:"not-good",file:e.name,by:n,ids:d.map(({id:e})=>e)})}o.sort((e,t)=>w.indexOf(e.state)-w.indexOf(t.state))
const c=n.proof?.issuer.record.issuerIds.map(({id:e})=>e)??[],{named:d,hasMore:h}=S(r),u=[],f=new Set
for(const{id:e,name:t}of d){const n=null===e?null:l(e)
if(null!==n&&c.includes(n))continue
const a=o.find(({ids:e})=>null!==n&&e.includes(n))
void 0!==a&&f.add(a.by.id)
const r=[null===t?"":`“${$(t,200)}”`,null===e?"":`(${$(e,128)})`],i=void 0===a?r.filter(e=>""!==e).join(" "):`${a.by.name} (${a.by.id})`
u.push({state:a?.state??"named-only",name:i,isNamed:!0,file:a?.file??""})}for(const{state:e,file:t,by:n}of o)"not-good"===e||f.has(n.id)||(f.add(n.id),u.push({state:e,name:`${n.name} (${n.id})`,isNamed:!1,file:t}))
if(0===u.length&&!h)return null
const{id:m,name:g}=n.issuer
return{list:[{state:"entered",name:`${g} (${m})`,isNamed:!1,file:""},...u],hasMore:h}},haveAllSigned:e=>null===e||!e.hasMore&&e.list.every(({state:e,isNamed:t})=>!t||"signed"===e)}})(),$=(()=>{const{hex:e}=t
return{entryOf:t=>null===t||void 0===t.entry.event.commitment?null:`${t.entry.issuer}/${e(t.entry.event.commitment)}`,mixedFolders:function(e){const t=new Set
for(const{folder:n,how:a,entry:r}of e){const i=e.filter(e=>e.folder===n&&!e.isEndorsement),s=i.filter(e=>"files"===e.how),o="stray"===a?i.filter(e=>"stray"!==e.how):"pdf"===a?s:[]
null!==r&&o.length>0&&!o.some(e=>e.entry===r)&&t.add(n)}return t}}})(),R=(()=>{const{equal:n,hex:r}=t,{readLimited:i}=T,{Malformed:o}=e,{proofOf:c}=d,{parseForm:h}=s,{RECEIPT_BYTES_MAX:l}=a
async function u(e,t,n){const a=await fetch(new URL(t,e),{credentials:"omit",redirect:"error"})
if(!a.ok||null===a.body)throw new o(`the node answers with ${a.status}`)
return i(a.body,n)}function f(e,t){return"sealed"===e.by?e:{...e,changes:e.changes.filter(({header:e})=>e.height>t)}}return{read:u,newerFromNode:async function(e,t,a){const i=t.entry.event.commitment,s=`v1/credentials/${encodeURIComponent(t.entry.issuer)}/${r(i)}`,d=c(h(await u(e,s,l),l))
if(!(d.index===t.index&&d.entry.issuer===t.entry.issuer)||!n(d.entry.event.commitment,i))throw new o("the node answers about another credential")
return{...d,finality:f(d.finality,a)}},above:f}})(),O=(()=>{const{base64url:e}=t,{CLOCK_TOLERANCE_MS:n}=g,{haveAllSigned:a}=I,{visible:r}=S,{WORDS_OF:i}=A,s=["active","confirmed","endorsement"],o=["suspended","disputed","revoked","expired","not-yet","tampered"],c={good:"✓",bad:"✕",wait:"?"},d=[["holder","who"],["title","what"],["awarded_on","when"],["credits","credits"],["programme","programme"],["level","level"],["number","number"],["valid_until","until"]]
function h(e,t="",n="",a=[]){const i=document.createElement(e)
return""!==n&&(i.className=n),""!==t&&i.append(r(t)),i.append(...a),i}function l(e,t){const a=e.verdict??"not-proven"
return s.includes(a)?(t=Math.max(t,e.asOf?.timeMs??0),e.unreadable.length>0?"dates":null!==e.expiry&&e.expiry<=t?"expired":null!==e.start&&e.start-t>n?"not-yet":a):a}function u({finding:e,institutions:t,isMixed:n,isEndorsement:r},i){const o=l(e,i)
return s.includes(o)?n?"mixed-one":a(t)?r?"endorsement":o:"alone":"renew"===o&&e.clockIsWrong?"clock":o}const f=e=>s.includes(e)?"good":o.includes(e)?"bad":"wait"
function m(e,t){const n=h("div","","icon",[h("span",c[t])])
return n.setAttribute("aria-hidden","true"),h("div","",`verdict ${t}`,[n,h("h2",e)])}function w({say:e,time:t,age:n},{finding:a,asked:r},s){if(null===a.asOf)return[]
return[h("p",`${e("as-of",{time:t(a.asOf.timeMs),age:n(a.asOf.timeMs,s)})}; ${null===r?e("not-asked"):"source"in r?e("asked-now",r):e("unanswered",{why:r.why in i.en?e(r.why):r.why})}.`,"asof")]}function p({say:e},{institutions:t}){if(null===t)return[]
const n=t.list.map(({state:t,name:n,file:a})=>{const r="entered"===t||"signed"===t,i=h("span",r?"✓":"✕","mark")
return i.setAttribute("aria-hidden","true"),h("li","",r?"holds":"fails",[i,document.createTextNode(e(`institution-${t}`,{name:n,file:a}))])})
return t.hasMore&&n.push(h("li",e("institution-more"),"fails")),[h("h3",e("institutions-title")),h("ul","","checks",n)]}function y({say:e,time:t,day:n},{finding:a,pair:r}){const{issuer:i}=a
if(null===i||!a.checks.some(({part:e,holds:t})=>t&&("document"===e||"summary"===e)))return[]
const s=[],o={...a.stated,...a.summary}
for(const[t,a]of d){const r=o[t]
void 0!==r&&s.push([e(a),"awarded_on"===t||"valid_until"===t?n(r):r])}const c="active"===i.standing?"":`; ${e(`standing-${i.standing}`)}`
s.push([e("by"),`${i.name} (${i.id})${c}`]),null!==r.document&&""!==r.name&&s.push([e("file"),r.name])
const{start:l}=a
null!==l&&Math.abs(l)<=864e13&&s.push([e("from"),t(l)]),null!==a.existedBy&&s.push([e("entered"),t(a.existedBy)])
const u=h("dl","","",s.flatMap(([e,t])=>[h("dt",e),h("dd",t)])),f=[]
return a.notProved.includes("document-not-seen")?f.push(h("p",e("not-seen"))):0===Object.keys(o).length&&f.push(h("p",e("no-facts"))),a.checks.some(({part:e,holds:t})=>t&&"issuer-id"===e)&&f.push(h("p",e("agrees"))),[u,...f]}function b({say:e},{checks:t}){const n=t.map(({part:t,holds:n,detail:a})=>{const r=h("span",n?"✓":"✕","mark")
r.setAttribute("aria-hidden","true")
const i=h("span",` – ${e(n?"ok":"failed")}`,n?"unseen":""),s=""===a?[]:[k(h("div",a,"said"))]
return h("li","",n?"holds":"fails",[r,document.createTextNode(e(`proves-${t}`)),i,...s])})
return[h("h3",e("checks-title")),h("ul","","checks",n)]}function k(e){return e.lang="en",e}function v({say:e},{notProved:t}){return 0===t.length?[]:[h("h3",e("open-title")),h("ul","","",t.map(t=>h("li",e(`open-${t}`))))]}function x(t,n){const{say:a}=t,{finding:r}=n,i=[]
if(null!==r.reason&&i.push([a("detail-reason"),r.reason]),r.unreadable.length>0&&i.push([a("detail-dates"),r.unreadable.join(", ")]),null!==r.asOf&&i.push([a("detail-block"),String(r.asOf.height)]),null!==r.restsOn&&i.push([a("detail-rests"),"genesis"===r.restsOn.anchor?a("rests-genesis"):a("rests-file",{height:r.restsOn.height})]),null!==r.logIndex&&i.push([a("detail-index"),String(r.logIndex)]),null!==r.commitment&&i.push([a("detail-commitment"),r.commitment]),r.signers.length>0){const e=r.signers.join(", ")
i.push([a("detail-signed"),a("detail-of",{signed:r.signers.length,validators:r.validators,names:e})])}const s=h("dl","","",i.flatMap(([e,t])=>[h("dt",e),h("dd",t)])),o=h("button",a("download"))
return o.setAttribute("type","button"),o.addEventListener("click",()=>function({pair:t,finding:n}){const a={finding:{...n,proof:void 0},name:t.name,receipt:e(t.receipt),document:null===t.document?null:e(t.document)},r=document.createElement("a")
r.href=URL.createObjectURL(new Blob([JSON.stringify(a,null,2)],{type:"application/json"})),r.download="sanad-evidence.json",r.click(),setTimeout(()=>URL.revokeObjectURL(r.href),6e4)}(n)),h("details","","",[h("summary",a("details-title")),s,h("p","","actions",[o])])}return{element:h,shownVerdict:l,shownVerdictOf:u,toneOf:f,verdictBox:m,resultNodes:function(e,t,n){const{finding:a}=t,r=u(t,n)
return[m(e.say(`verdict-${r}`,{name:a.issuer?.name??""}),f(r)),...w(e,t,n),...p(e,t),...y(e,t),...b(e,a),...v(e,a),x(e,t)]}}})(),N=(()=>{const{newerProof:n,overHttp:a,readLatest:r,readLimited:s}=T,{RECEIPT_MAGIC:o,readReceiptBinary:h}=u,{startsWith:f,unbase64url:m}=t,{DocumentNeeded:g,Fault:p,Malformed:y}=e,{readGenesis:b,readReceiptJson:k}=d,{GENESIS_BYTES_MAX:v}=c,{credentialIn:x,endorsementIn:S,institutionsOf:A}=I,{entryOf:M,mixedFolders:_}=$,{newerFromNode:E}=R,{boxAddress:N,openBox:P}=i,{TRUST_MAGIC:U,readTrust:C,trustFile:B,trustGenesis:j}=l,{renewFinding:D,verifyReceipt:L}=w,{shownVerdict:H,toneOf:F}=O
class z extends Error{}async function X(e,t){if(e.length>v)throw new y("too long")
return f(e,U)||K(e)?B(C(e),t):j(b(e),t)}const K=e=>new TextDecoder("latin1").decode(e).includes('"sanad-trust/v1"')
async function G(e,t){try{return M((f(t,o)?await h(t,e):k(t)).proof)}catch(e){if(e instanceof y||e instanceof p)return null
throw e}}async function W(e,t,n){let a
try{a=await L({...e,nowMs:Date.now()},t.receipt,t.document)}catch(e){if(e instanceof g)throw new z("why-document-needed")
throw e}const r={pair:t,finding:a,asked:null,institutions:null,isMixed:!1,isEndorsement:!1}
return null===n?r:async function(e,t,n){const a=t.finding.proof,r=t.finding.checks.some(({part:e,holds:t})=>t&&("document"===e||"summary"===e))
if(null===a||!r)return t
try{const r=await(i=15e3,s=n.newer(a,e.header?.height??0),Promise.race([s,new Promise((e,t)=>setTimeout(()=>t(new y("no answer in time")),i))]))
return await D(t.finding,{...e,nowMs:Date.now()},a,r),{...t,asked:{source:n.name}}}catch(e){return{...t,asked:{why:e instanceof y||e instanceof p?e.message:"why-unreachable"}}}var i,s}(e,r,n)}return{Unread:z,trustFrom:X,embeddedTrust:async(e,t)=>""===e?null:X(m(e),t),askExport:function(e){const t=a(e),i=r(t)
return i.catch(()=>{}),{name:new URL(e).host,newer:async(e,a)=>n(t,await i,e,a)}},askNode:e=>({name:new URL(e).host,newer:(t,n)=>E(e,t,n)}),fetchBox:async function(e,t){if(!t.startsWith("http"))throw new z("why-code-site")
let n
try{n=await fetch(N(e,t),{credentials:"omit",redirect:"error",cache:"no-store"})}catch{throw new z("why-offline")}if(!n.ok||null===n.body)throw new z("why-box-missing")
return P(e,await s(n.body,2098209))},checkAll:async function(e,t,n){const a=[],r=[]
for(const i of t)try{a.push(await W(e,i,n))}catch(n){if(!(n instanceof z)||"stray"!==i.how||t.every(({how:e})=>"stray"===e))throw n
r.push({pair:i,entry:await G(e,i.receipt)})}for(const e of a){const{document:t}=e.pair
e.isEndorsement=null!==t&&null!==S(await x(t))}const i=Date.now(),s=a.map(({pair:e,finding:t})=>({...e,finding:t,isGood:"good"===F(H(t,i))})),o=[...a.map(({pair:e,finding:t,isEndorsement:n})=>({...e,entry:M(t.proof),isEndorsement:n})),...r.map(({pair:e,entry:t})=>({...e,entry:t,isEndorsement:!1}))],c=_(o.map(e=>({...e,folder:e.folder??"",how:e.how??"files"})))
for(const[e,t]of a.entries())t.institutions=await A(s[e],s),t.isMixed=c.has(t.pair.folder??"")
return a},check:W}})(),P=(()=>{const{readLimited:t}=T,{Malformed:n}=e,{fields:a}=d,{parseForm:r}=s,i=32<<20
return{readConfig:async function(){const e=document.getElementById("config")?.textContent
return function(e){const t=a(r(e,i),["export","node","trust"]),s=[t.export,t.node,t.trust]
if(s.some(e=>"string"!=typeof e))throw new n("config.json has another form")
const[o,c,d]=s.map(String)
return{export:o,node:c,trust:d}}(e?(new TextEncoder).encode(e):await async function(){const e=await fetch("config.json",{redirect:"error"})
if(!e.ok||null===e.body)throw new n(`config.json is not there: ${e.status}`)
return t(e.body,i)}())}}})(),U=(()=>{const{Malformed:t}=e,{fingerprint:n}=a,{readCode:r}=i,{pairsOf:s,readText:o}=x,{WORDS_OF:c,speaker:d}=A,{codeInPicture:h,detector:l,scan:u}=M,{Unread:f,askExport:m,askNode:g,checkAll:w,embeddedTrust:p,fetchBox:y,trustFrom:b}=N,{readConfig:k}=P,{element:v,resultNodes:S,verdictBox:_}=O
let E=navigator.language.startsWith("en")?"en":"id",T={export:"",node:"",trust:""},I=null,$=null
const R=e=>document.getElementById(e)
function U(){const{say:e}=d(E)
document.documentElement.lang=E,document.title=`${e("title")} – Sanad`
for(const t of document.querySelectorAll("[data-say]"))t.textContent=e(t.dataset.say??"")
R("language").lang="en"===E?"id":"en",function(){const{say:e,time:t,age:a}=d(E),r=R("trouble")
if(r.hidden=null!==I,r.textContent=null===I?e("trust-none"):"",R("trust-word").textContent="",R("fingerprint").textContent=null===I?"":n(I.chainId),null===I)return
const{name:i}=I.genesis,s=I.header
R("trust-word").textContent=null===s?e("trust-genesis",{name:i}):e("trust-file",{name:i,time:t(s.timeMs),age:a(s.timeMs,Date.now())})}(),C()}function C(){const e=d(E),t=R("result")
if(t.replaceChildren(),R("start").hidden=null!==$,R("another").hidden=null===$,null!==$){if("why"in $){const n=$.why in c.en?e.say($.why):$.why
return void t.append(_(e.say("verdict-unread",{why:n}),"wait"))}$.results.some(({isMixed:e})=>e)&&t.append(_(e.say("verdict-mixed"),"bad"))
for(const n of $.results)t.append(v("article","","",S(e,n,Date.now())))}}async function B(e){const t=R("result")
R("start").hidden=!0,t.setAttribute("aria-busy","true"),t.replaceChildren(v("p",d(E).say("working")))
try{if(null===I)throw new f("trust-none")
const t=location.protocol.startsWith("http")?""!==T.export?m(new URL(T.export,location.href).href):""===T.node?null:g(new URL(T.node,location.href).href):null
$={results:await w(I,await e(),t)}}catch(e){$={why:j(e)}}C(),t.removeAttribute("aria-busy"),scrollTo(0,0),t.focus({preventScroll:!0})}function j(e){if(e instanceof f||e instanceof t)return e.message
const{name:n,message:a}=e
return"NotSupportedError"===n||void 0===crypto.subtle?"no-crypto":a}const D=e=>B(async()=>{const t=o(e)
return["key"in t?await y(t.key,location.href):t.pair]})
async function L(e){const n=[]
for(const a of e){if(a.size>67108864)return B(()=>Promise.reject(new t("a file of more than 64 MiB")))
n.push({name:a.name,data:new Uint8Array(await a.arrayBuffer())})}return 1===e.length&&e[0].type.startsWith("image/")?null===l()?B(()=>Promise.reject(new f("camera-none"))):D(await h(e[0]).catch(()=>null)??""):B(()=>s(n))}function H(){null!==r(location.href)&&D(location.href)}let F=null
function z(){R("language").addEventListener("click",()=>{E="en"===E?"id":"en",U()}),R("another").addEventListener("click",()=>{$=null,U(),R("files").focus()})
const e=R("files")
e.addEventListener("change",async()=>{await L([...e.files??[]]),e.value=""}),R("paste").addEventListener("submit",e=>{e.preventDefault(),D(R("text").value)}),R("camera").addEventListener("click",()=>{!async function(){const{say:e}=d(E),[t,n,a]=[R("camera"),R("camera-word"),R("video")]
if(null!==F)return F.abort()
if(n.hidden=null!==l(),n.textContent=e("camera-none"),null===l())return
F=new AbortController,a.hidden=!1,t.textContent=e("camera-stop")
let r=null
try{r=await u(a,F.signal)}catch{n.hidden=!1,n.textContent=e("camera-denied")}F=null,a.hidden=!0,t.textContent=e("camera"),null===r||D(r)}()})
const t=R("trust-file")
t.addEventListener("change",()=>{t.files?.[0]&&async function(e){try{I=await b(new Uint8Array(await e.arrayBuffer()),Date.now()),$=null}catch(e){$={why:j(e)}}U()}(t.files[0])}),addEventListener("dragover",e=>{e.preventDefault(),R("drop").classList.add("over")}),addEventListener("dragleave",()=>R("drop").classList.remove("over")),addEventListener("drop",e=>{e.preventDefault(),R("drop").classList.remove("over"),L([...e.dataTransfer?.files??[]])}),addEventListener("hashchange",H)}return{startPage:async function(){z(),U()
try{T=await k(),I=await p(T.trust,Date.now())}catch(e){$={why:j(e)}}U(),null!==I&&H(),"serviceWorker"in navigator&&location.protocol.startsWith("http")&&navigator.serviceWorker.register("sw.js").catch(()=>{})}}})(),C=(()=>{const{derive:a}=n,{Reader:r,concat:i,decodeUtf8:c,equal:h,u64:l,unhex:u,utf8:f}=t,{Malformed:m}=e,{fields:g,integer:w,items:p,text:y}=d,{parseForm:b}=s,{LOG:k}=o,v={1:"revoked",2:"suspended",3:"active",8:"confirmed",9:"revoked",10:"revoked"},x=[10,11,12,13,15]
function S(e){const t=c(e).split("\n")
if(""!==t.pop())throw new m("a line without its end")
return t.map(e=>{const t=g(b(f(e),1048576),["first_index","entries"]),n=p(t.entries,65536,e=>u(y(e)))
if(0===n.length||n.some(({length:e})=>e>16384))throw new m("a run of another form")
return{first:w(t.first_index),entries:n}})}function A(e,t,n,a){const i=new r(a),[s,o]=[i.u8(),i.text8()]
if(o!==t&&!x.includes(s))throw new m("an entry of another member")
if(0===s&&e.set(n,"active"),!(s in v)||10===s&&o===t)return
const c=i.u64()
if(!e.has(c))throw new m("a change of what was not issued")
e.set(c,v[s])}return{countIssued:async function({record:e,rest:t},n,r){const s=new Map
let o=new Uint8Array(32),[c,d]=[0,0]
for(;d<t.events.count;){const h=d
for(const{first:t,entries:h}of S(await r(c))){if(t<c||t+h.length>n)throw new m("entries that are not in their order")
for(const[n,r]of h.entries())o=a("sanad/v1 member events",i(o,l(t+n),await k.leaf(r))),A(s,e.id,t+n,r)
c=t+h.length,d+=h.length}if(d===h||d>t.events.count)throw new m("the entries are not as many as the record says")}if(!h(o,t.events.head))throw new m("the entries are not those of the record")
const u={active:0,confirmed:0,suspended:0,disputed:0,revoked:0}
for(const[t,n]of s){u["active"===n&&e.disputed.some(({from:e,until:n})=>e<=t&&t<n)?"disputed":n]+=1}return u}}})(),B=(()=>{const{equal:n,unhex:r}=t,{Malformed:i}=e,{countIssued:c}=C,{fields:h,finalityOf:u,headerOf:f,recordProofOf:m}=d,{isObject:g,parseForm:w}=s,{TRUST_BYTES_MAX:p,blockHash:y,encodeRecord:b}=a,{above:k,read:v}=R,{checkRest:x,restOf:S}=E,{MEMBERS:A,membersRoot:M,rootOf:_,stateRoot:T}=o,{checkFinal:I}=l,$=async(e,t)=>w(await v(e,t,p),p)
function O(e,t){const n=h(e,["header","finality"])
return{header:f(n.header),finality:k(u(n.finality),t)}}async function N(e,t,a){const s=h(await $(e,`v1/members/${encodeURIComponent(a)}`),["format","proof","rest"]),o=h(s.proof,["member","status_root","others_root","header","finality"]),d=f(o.header)
await I(t,d,k(u(o.finality),t.header?.height??0))
const{record:l,index:g,count:w,path:p}=m(o.member),y=await _(A,await A.leaf(b(l)),g,w,p)
if(null===y||l.id!==a)throw new i("the path of the record does not fit its place")
const E=T(r(String(o.status_root)),M(w,y),r(String(o.others_root)))
if(!n(E,d.stateRoot))throw new i("the record is not that of the block")
const R=x(S(s.rest),l),O=t=>v(e,`v1/members/${encodeURIComponent(a)}/entries?from=${t}&size=${d.logSize}`,8388608)
return{record:l,rest:R,count:()=>c({record:l,rest:R},d.logSize,O)}}return{readNode:async function(e,t){const n=t.header?.height??0,{header:a,finality:r}=O(await $(e,"v1/headers/latest"),n),i=await I(t,a,r),s=Math.max(1,a.height-20+1),{headers:o}=h(await $(e,`v1/headers?from=${s}&limit=20`),["headers"]),c=[]
for(const e of Array.isArray(o)?o:[]){const a=O(e,n)
await I(t,a.header,a.finality),c.unshift({header:a.header,hash:y(a.header)})}const d=[]
for(const n of await async function(e){const t=[]
for(let n="";;){const a=h(await $(e,`v1/members?limit=100${n}`),["members","more"])
for(const e of Array.isArray(a.members)?a.members:[]){const n=g(e)&&g(e.record)?e.record:{}
t.push(String(n.id))}if(!0!==a.more||0===t.length)return t
n=`&after=${encodeURIComponent(t[t.length-1])}`}}(e))d.push(await N(e,t,n))
return{header:a,basis:i,members:d,blocks:c}}}})(),j=(()=>{const{Reader:n,equal:r}=t,{readHeader:i}=h,{STATE_BYTES_MAX:s,TILE_HASHES:c,bundleName:d,headHeight:u,needed:f,readState:m}=T,{Malformed:g}=e,{TRUST_BYTES_MAX:w,blockHash:p,encodeRecord:y,pastHash:b}=a,{MEMBERS:k,STATUS:v,membersRoot:x,rootOver:S,stateRoot:A}=o,{checkFinal:M,readTrust:_}=l,E=64<<20
async function I(e,t){const a=Math.floor((t.height-1)/c),s=t.height-a*c,o=`block/${d(a)}`,h=s<c?await e(`${o}.p/${s}`,E):null,l=new n(h??await f(e,o,E)),u=Array.from({length:s},()=>new n(l.take(l.u32()))),m=[]
let w=p(t)
for(const e of u.reverse()){const t=i(e),n={previous:e.hash(),historyRoot:e.hash(),batchesRoot:e.hash()}
if(!r(p(t),w)||!r(b(n),t.past))throw new g("a block is not the one before the next")
m.push({header:t,hash:w}),w=n.previous}return m}return{readLedger:async function(e,t){const n=await u(e),a=_(await f(e,`trust/${n}.trust`,w)),{header:i,certificate:o}=a,c=t.header?.height??0,d=a.changes.map(({change:e})=>e).filter(({header:e})=>e.height>c&&e.height<i.height),h=await M(t,i,{by:"certificate",certificate:o,changes:d}),l=await m(await f(e,`state/${n}`,s)),p=await Promise.all(l.records.map(e=>k.leaf(y(e)))),b=x(p.length,await S(k,p))
if(!r(A(await S(v,l.pageRoots),b,l.othersRoot),i.stateRoot))throw new g("the members are not those of the block")
return{header:i,basis:h,members:l.members.map(e=>({...e,count:null})),blocks:await I(e,i)}}}})(),D=(()=>{const{hex:e}=t,{ROLES:n,STANDINGS:r}=a,{PURPOSES:i}=E,{element:s}=O
function o(e,{record:t,rest:n,count:a},r,i){if(null===a)return[s("p",e("counts-unavailable"))]
if(void 0===r){const a=s("button",e("counts-do",{entries:n.events.count}))
return a.id=`count-${t.id}`,a.addEventListener("click",i),[a]}if("counting"===r)return[s("p",e("working"))]
if("why"in r)return[s("p",e("explorer-error",r),"trouble")]
const{height:o,counts:c}=r
return[s("p",e("counts",{height:o,...c,issued:Object.values(c).reduce((e,t)=>e+t,0)}))]}function c(e,t){const n=e.map(e=>{const t=s("th",e)
return t.setAttribute("scope","col"),t}),a=e=>"string"==typeof e?s("td",e):s("td","","",[e]),r=t.map(e=>s("tr","","",e.map(a)))
return s("table","","",[s("thead","","",[s("tr","","",n)]),s("tbody","","",r)])}return{memberNode:function({say:t},a,d,h){const{record:l,rest:u}=a,f=({from:e,until:n})=>void 0===n?t("range-open",{from:e}):t("range",{from:e,until:n}),m=[t("member-role",{role:t(`role-${n[u.role]}`)}),t("standing-since",{standing:t(`standing-${r[l.standing]}`),height:l.since}),...l.disputed.map(e=>t("member-disputed",{range:f(e)})),...u.facts.map(({name:e,value:t})=>`${e}: ${t}`)],g=s("h3",`${l.name} (${l.id})`)
g.id=`member-${l.id}`
const w=s("section","","member",[g,s("ul","","",m.map(e=>s("li",e))),c([t("member-keys"),t("member-key"),t("member-range")],u.keys.map(n=>[t(`key-${i[n.purpose]}`),`${e(n.key).slice(0,16)}…`,f(n)])),c([t("member-ids"),t("member-range")],l.issuerIds.map(e=>[e.id,f(e)])),...o(t,a,d,h)])
return w.setAttribute("aria-labelledby",g.id),w},table:c}})(),L=(()=>{const{hex:e}=t,{readNode:n}=B,{readLedger:r}=j,{overHttp:i}=T,{STANDINGS:s}=a,{speaker:o}=A,{embeddedTrust:c}=N,{readConfig:d}=P,{memberNode:h,table:l}=D,{element:u}=O
let f=navigator.language.startsWith("en")?"en":"id",m=null
const g=new Set,w=new Map
let p=!1
function y(){const t=o(f)
document.documentElement.lang=f,document.title=`${t.say("explorer")} – Sanad`
for(const e of document.querySelectorAll("[data-say]"))e.textContent=t.say(e.dataset.say??"")
const n=document.getElementById("ledger")
if(null===m)n.replaceChildren(u("p",t.say("working")))
else if("why"in m)n.replaceChildren(u("p",""===m.why?t.say("explorer-none"):t.say("explorer-error",m),"trouble"))
else{const a=document.activeElement?.id??""
n.replaceChildren(...function(t,{header:n,basis:a,members:r,blocks:i}){const{say:o,time:c,age:d}=t,f=o("explorer-head",{height:n.height,time:c(n.timeMs),age:d(n.timeMs,Date.now()),signed:a.signers.length,validators:a.validators,entries:n.logSize}),m=e=>o("standing-since",{standing:o(`standing-${s[e.standing]}`),height:e.since})
return[u("p",f),u("h2",o("members")),l([o("member-name"),o("member-standing"),o("member-entries")],r.map(e=>[b(e),m(e.record),String(e.rest.events.count)])),...r.filter(({record:e})=>g.has(e.id)).map(e=>h(t,e,w.get(e.record.id),()=>{!async function({record:{id:e},count:t},n){if(null===t)return
w.set(e,"counting"),y()
try{w.set(e,{height:n,counts:await t()})}catch(t){w.set(e,{why:t.message})}y()}(e,n.height)})),u("h2",o("blocks")),l([o("detail-block"),o("block-time"),o("block-log"),o("block-hash")],i.slice(0,20).map(t=>[String(t.header.height),c(t.header.timeMs),String(t.header.logSize),`${e(t.hash).slice(0,16)}…`]))]}(t,m)),""!==a&&document.getElementById(a)?.focus({preventScroll:!0})}}function b({record:{id:e,name:t}}){const n=u("button",`${t} (${e})`,"plain")
return n.id=`open-${e}`,n.setAttribute("aria-expanded",String(g.has(e))),n.addEventListener("click",()=>{g.delete(e)||g.add(e),y()}),n}async function k(){try{const e=await d(),t=await c(e.trust,Date.now())
p=""===e.export&&""!==e.node,m=null===t?{why:""}:p?await n(new URL(e.node,location.href).href,t):""===e.export?{why:""}:await r(i(new URL(e.export,location.href).href),t)}catch(e){m={why:e.message}}y(),p&&setTimeout(k,3e3)}return{startExplorer:async function(){document.getElementById("language")?.addEventListener("click",()=>{f="en"===f?"id":"en",y()}),y(),await k()}}})();(()=>{const{startPage:e}=U,{startExplorer:t}=L
null===document.getElementById("ledger")?e():t()})()
