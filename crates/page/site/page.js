const e=(()=>{class e extends Error{}class t extends Error{}class n extends Error{constructor(e,t,n){super(n),this.part=e,this.word=t}}return{Malformed:e,NewerVerifier:class extends e{},DocumentNeeded:t,Fault:n}})(),t=(()=>{const{Malformed:t}=e,n=new TextDecoder("utf-8",{fatal:!0,ignoreBOM:!0}),a=new TextEncoder
function r(e){try{return n.decode(e)}catch{throw new t("not UTF-8")}}const i=e=>a.encode(e)
function s(...e){const t=new Uint8Array(e.reduce((e,t)=>e+t.length,0))
let n=0
for(const a of e)t.set(a,n),n+=a.length
return t}const o=(e,t)=>0===h(e,t)
function h(e,t){const n=Math.min(e.length,t.length)
for(let a=0;a<n;a++)if(e[a]!==t[a])return e[a]-t[a]
return e.length-t.length}function c(e){let t=""
for(let n=0;n<e.length;n+=8192)t+=String.fromCharCode(...e.subarray(n,n+8192))
return btoa(t).replaceAll("+","-").replaceAll("/","_").replaceAll("=","")}const d=e=>Uint8Array.of(e),u=e=>Uint8Array.of(e>>>24,e>>>16,e>>>8,e)
return{decodeUtf8:r,utf8:i,hex:e=>Array.from(e,e=>e.toString(16).padStart(2,"0")).join(""),unhex:function(e){if(!/^(?:[0-9a-f]{2})*$/.test(e))throw new t("not lower-case hexadecimal")
return Uint8Array.from({length:e.length/2},(t,n)=>parseInt(e.slice(2*n,2*n+2),16))},concat:s,equal:o,compare:h,compareText:(e,t)=>h(i(e),i(t)),startsWith:(e,t)=>o(e.subarray(0,t.length),t),unbase64url:function(e){if(!/^[A-Za-z0-9_-]*$/.test(e)||e.length%4==1)throw new t("not base64url")
const n=atob(e.replaceAll("-","+").replaceAll("_","/")),a=Uint8Array.from(n,e=>e.charCodeAt(0))
if(c(a)!==e)throw new t("base64url that is not canonical")
return a},base64url:c,u8:d,u16:e=>Uint8Array.of(e>>8,e),u32:u,u64:function(e){const t=new Uint8Array(8)
return new DataView(t.buffer).setBigUint64(0,BigInt(e)),t},text8:e=>s(d(i(e).length),i(e)),list32:(e,t)=>s(u(e.length),...e.map(t)),option:(e,t)=>void 0===e?d(0):s(d(1),t(e)),tagged:e=>s(d(0),e),Reader:class{constructor(e){this.data=e,this.at=0}take(e){if(e>this.data.length-this.at)throw new t("it ends too early")
return this.at+=e,this.data.slice(this.at-e,this.at)}u8(){return this.take(1)[0]}u16(){return 256*this.u8()+this.u8()}u32(){return 65536*this.u16()+this.u16()}u64(){return this.u32()*2**32+this.u32()}hash(){return this.take(32)}hashes(e){return Array.from({length:e},()=>this.take(32))}text8(){return r(this.take(this.u8()))}list32(e,n){const a=this.u32()
if(a>e)throw new t(`a list of ${a}`)
return Array.from({length:a},n)}option(e){const n=this.u8()
if(n>1)throw new t("an option is neither 0 nor 1")
return 1===n?e():void 0}tagged(e){if(0!==this.u8())throw new t("an algorithm that is not known")
return this.take(e)}finish(){if(this.at!==this.data.length)throw new t("bytes are left over")}}}})(),n=(()=>{const{utf8:e}=t,n=Uint32Array.of(1779033703,3144134277,1013904242,2773480762,1359893119,2600822924,528734635,1541459225),a=1024,r=[2,6,3,10,7,0,4,13,1,11,12,5,9,14,15,8],i=Array.from({length:7},(e,t)=>{let n=Array.from({length:16},(e,t)=>t)
for(let e=0;e<t;e++)n=r.map(e=>n[e])
return n}),s=new Uint32Array(16)
function o(e,t,n,a,r,i){const o=s
let h
o[e]=o[e]+o[t]+r,h=o[a]^o[e],o[a]=h>>>16|h<<16,o[n]=o[n]+o[a],h=o[t]^o[n],o[t]=h>>>12|h<<20,o[e]=o[e]+o[t]+i,h=o[a]^o[e],o[a]=h>>>8|h<<24,o[n]=o[n]+o[a],h=o[t]^o[n],o[t]=h>>>7|h<<25}function h(e,t,a,r,h){s.set(e),s.set(n.subarray(0,4),8),s[12]=a,s[13]=Math.floor(a/2**32),s[14]=r,s[15]=h
for(const e of i)o(0,4,8,12,t[e[0]],t[e[1]]),o(1,5,9,13,t[e[2]],t[e[3]]),o(2,6,10,14,t[e[4]],t[e[5]]),o(3,7,11,15,t[e[6]],t[e[7]]),o(0,5,10,15,t[e[8]],t[e[9]]),o(1,6,11,12,t[e[10]],t[e[11]]),o(2,7,8,13,t[e[12]],t[e[13]]),o(3,4,9,14,t[e[14]],t[e[15]])
return Uint32Array.from({length:8},(e,t)=>s[t]^s[t+8])}function c(e){const t=new Uint8Array(64)
t.set(e)
const n=new DataView(t.buffer)
return Uint32Array.from({length:16},(e,t)=>n.getUint32(4*t,!0))}function d(e,t,n,r,i){if(e.length<=a)return function(e,t,n,a,r){let i=n
const s=Math.max(1,Math.ceil(e.length/64))
for(let n=0;n<s;n++){const o=e.subarray(64*n,64*(n+1)),d=(0===n?1:0)|(n===s-1?2|r:0)
i=h(i,c(o),t,o.length,a|d)}return i}(e,t,n,r,i)
let s=a
for(;2*s<e.length;)s*=2
const o=new Uint32Array(16)
return o.set(d(e.subarray(0,s),t,n,r,0)),o.set(d(e.subarray(s),t+s/a,n,r,0),8),h(n,o,0,64,4|r|i)}function u(e){const t=new DataView(new ArrayBuffer(32))
return e.forEach((e,n)=>t.setUint32(4*n,e,!0)),new Uint8Array(t.buffer)}const l=new Map
return{blake3:e=>u(d(e,0,n,0,8)),derive:function(t,a){let r=l.get(t)
return void 0===r&&(r=d(e(t),0,n,32,8),l.set(t,r)),u(d(a,0,r,64,8))}}})(),a=(()=>{const{derive:a}=n,{compareText:r,concat:i,hex:s,list32:o,option:h,tagged:c,text8:d,u32:u,u64:l,u8:f,utf8:m}=t,{Malformed:g}=e,w=240,p=["holder","title","awarded_on","credits","number","level","valid_until","programme"],y=[2,6],b=e=>i(f(e.layout),f(e.rules),e.chainId,l(e.height),u(e.round),l(e.timeMs),l(e.logSize),e.logRoot,e.stateRoot,e.past,e.validatorsHash,e.nextValidatorsHash),k=e=>a("sanad/v1 block header",b(e)),v=e=>i(u(e.number),l(e.firstHeight),o(e.validators,e=>i(d(e.member),c(e.key))))
function x(e,t){for(let n=1;n<e.length;n++)if(r(e[n-1],e[n])>=0)throw new g(`${t} are not in strictly ascending order`)}const S=e=>i(f(e.version),d(e.name),e.nonce,d(e.logOrigin),h(e.predecessor,e=>i(e.chainId,l(e.height),e.block)),A(e.parameters),o(e.members,M)),A=e=>i(u(e.blockBytesMax),u(e.heartbeatMs),f(e.protocol.layout),f(e.protocol.rules),h(e.next,e=>i(f(e.protocol.layout),f(e.protocol.rules),l(e.height)))),M=e=>i(d(e.id),d(e.name),f(e.role),o(e.governanceKeys,c),f(e.governanceThreshold),h(e.issuingKey,c),h(e.consensusKey,c),h(e.networkKey,c),o(e.issuerIds,d),o(e.addresses,d),o(e.facts,e=>i(d(e.name),d(e.value)))),_=e=>i(f(e.length),...e.map(({label:e,text:t})=>i(f(e),d(t))))
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
return e},checkAscending:x,voteMessage:(e,t)=>i(m("sanad/v1 vote"),e.chainId,f(1),l(e.height),u(t),f(1),k(e),u(e.round)),encodeIssuance:(e,t)=>i(f(0),d(e),t),encodeRecord:e=>i(d(e.id),d(e.name),f(e.standing),l(e.since),o(e.issuerIds,e=>i(d(e.id),l(e.from),h(e.until,l))),o(e.disputed,e=>i(l(e.from),l(e.until))),e.rest),checkRecord:function(e){if(T(e.name,1,128,"name"),e.issuerIds.length>32||e.disputed.length>8)throw new g("a list is too long")
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
return BigInt(t)}function h(t){const n=o(t)&(1n<<255n)-1n
return n<e&&!a.includes(n)}const c=e=>new Uint8Array(e)
return{isUsablePoint:function(t){if(!h(t))return!1
const n=o(t)&(1n<<255n)-1n
return 1n===s(i((n*n-1n)*(r*n*n+1n)),(e-1n)/2n)},signatureHolds:async function(e,n,a){if(o(n.subarray(32))>=t)return!1
if(!h(e)||!h(n.subarray(0,32)))return!1
let r
try{r=await crypto.subtle.importKey("raw",c(e),"Ed25519",!1,["verify"])}catch(e){if("DataError"!==e.name)throw e
return!1}return crypto.subtle.verify("Ed25519",r,c(n),c(a))},source:c,sha256:async e=>new Uint8Array(await crypto.subtle.digest("SHA-256",c(e)))}})(),i=(()=>{const{derive:i}=n,{Reader:s,concat:o,hex:h,startsWith:c,unbase64url:d}=t,{source:u}=r,{Malformed:l,NewerVerifier:f}=e,{checkPeopleText:m}=a,g=Uint8Array.of(245,115,110,98),w=1024,p=[0,3,5,8,10,13,15,17,20,22,25,27,29]
function y(e){const t=[],n=p[12]
for(let a=0;a<e.length;a+=n){const r=e.slice(a,a+n),i=p.indexOf(r.length)
if(i<1)throw new l("the digits of the receipt are incomplete")
const s=BigInt(r)
if(s>>BigInt(8*i)!==0n)throw new l("the digits of the receipt are not those of bytes")
t.push(Uint8Array.from({length:i},(e,t)=>Number(s>>BigInt(8*(i-1-t))&255n)))}return o(...t)}const b=e=>i("sanad/v1 box id",e).subarray(0,16)
function k(e){const t=e.u32()
if(t<1||t>1048576)throw new l("a file in the box is empty or too long")
return e.take(t)}return{readCode:function(e){const t=e.trim()
if(t.length>8192)return null
const n=t.includes("#")?t.slice(t.indexOf("#")+1):t
return/^\d+$/.test(n)&&43!==n.length?{receipt:y(n)}:t.includes("#")&&/^[A-Za-z0-9_-]{43}$/.test(n)?{key:d(n)}:null},readDigits:y,boxId:b,boxAddress:function(e,t){const{origin:n,pathname:a}=new URL(t)
return`${n}${a.replace(/\/v\/(?:index\.html)?$/,"/v").replace(/[^/]*$/,"")}boxes/${h(b(e))}`},openBox:async function(e,t){if(t.length>2098209||!c(t,g))throw new l("not a box")
if(t.length<33)throw new l("the box is cut short")
if(1!==t[4])throw new f("a box of another version")
const n=await crypto.subtle.importKey("raw",u(i("sanad/v1 box key",e)),"AES-GCM",!1,["decrypt"]),a=u(o(t.subarray(0,5),b(e)))
let r
try{r=await crypto.subtle.decrypt({name:"AES-GCM",iv:u(t.subarray(5,17)),additionalData:a},n,u(t.subarray(17)))}catch{throw new l("the box does not open with this key: it belongs to another link, or was changed")}return function(e){const t=new s(e),n=m(t.text8(),1,255,"the name")
if(/[/\\]|^\./.test(n))throw new l("the name of the document is not one of a file")
const a=k(t),r=k(t),i=t.take(e.length-t.at)
if(i.length>=w||e.length%w!==0||i.some(e=>0!==e))throw new l("the box has another form inside")
return{name:n,document:a,receipt:r}}(new Uint8Array(r))}}})(),s=(()=>{const{decodeUtf8:n}=t,{Malformed:a}=e,r=16<<20,i=e=>"object"==typeof e&&null!==e&&!Array.isArray(e),s=/-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y,o=/[^"\\\u0000-\u001f]*/y,h=/[ \t\n\r]*/y,c=new Map([...'""\\\\//b\bf\fn\nr\rt\t'.matchAll(/../gs)].map(([e])=>[e[0],e[1]]))
class d{constructor(e,t,r){if(e.length>t)throw new a(`longer than ${t} bytes`)
this.text=n(e),this.form=r,this.at=0,this.depth=0,this.values=0}whole(){const e=this.value()
if(void 0!==this.peek())throw new a("characters after the end of the JSON text")
return e}peek(){return this.match(h),this.text[this.at]}match(e){e.lastIndex=this.at
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
e+=String.fromCharCode(parseInt(t,16)),this.at+=4}else{const t=c.get(n)
if(void 0===t)throw new a("a malformed escape")
e+=t}}if(/\p{Surrogate}/u.test(e))throw new a("a lone surrogate")
return e}number(){const e=this.match(s)
if(!e)throw new a("no JSON value where one is expected")
const t=Number(e[0]),n=void 0===e[1]&&void 0===e[2]
if(n?!Number.isSafeInteger(t):!Number.isFinite(t))throw new a("a number that readers take differently")
if(this.form&&(!n||e[0].startsWith("-")))throw new a("a number with sign, fraction or exponent")
return t}}return{JSON_BYTES_MAX:r,JSON_DEPTH_MAX:64,isObject:i,parseDocument:e=>new d(e,r,!1).whole(),parseForm:(e,t)=>new d(e,t,!0).whole(),canonical:function e(t){return Array.isArray(t)?`[${t.map(e).join(",")}]`:i(t)?`{${Object.keys(t).sort().map(n=>`${JSON.stringify(n)}:${e(t[n])}`).join(",")}}`:JSON.stringify(t)}}})(),o=(()=>{const{derive:e}=n,{concat:a,equal:i,u64:s,u8:o}=t,{sha256:h}=r,c=(t,n)=>({leaf:n=>e(t,n),node:(t,r)=>e(n,a(t,r)),empty:()=>e(n,new Uint8Array(0))}),d={leaf:e=>h(a(o(0),e)),node:(e,t)=>h(a(o(1),e,t)),empty:()=>h(new Uint8Array(0))},u=c("sanad/v1 status leaf","sanad/v1 status node"),l=c("sanad/v1 member leaf","sanad/v1 member node"),f=c("sanad/v1 history leaf","sanad/v1 history node"),m=c("sanad/v1 part","sanad/v1 parts node"),g=c("sanad/v1 governance leaf","sanad/v1 governance node"),w=65536,p=e=>Math.floor(e/2),y=e=>e%2==1
function b(e,t){let n=0
for(let a=t-1;a>0;e=p(e),a=p(a))(y(e)||e<a)&&(n+=1)
return n}async function k(e,t,n,a,r){if(!(n<a)||r.length!==b(n,a))return null
let i=t,s=0
for(let t=a-1;t>0;n=p(n),t=p(t))y(n)?i=await e.node(r[s++],i):n<t&&(i=await e.node(i,r[s++]))
return i}async function v(e,t){if(0===t.length)return e.empty()
let n=t
for(;n.length>1;){const t=[]
for(let a=0;a<n.length;a+=2)t.push(a+1<n.length?await e.node(n[a],n[a+1]):n[a])
n=t}return n[0]}return{LOG:d,STATUS:u,MEMBERS:l,HISTORY:f,PARTS:m,GOVERNANCE:g,STATUSES_PER_LEAF:256,STATUS_LEAF_BYTES:64,SEAL_HEADERS:w,pathLength:b,rootOf:k,isIncluded:async function(e,t,n,a,r,s){const o=await k(e,t,n,a,r)
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
return i(i(t,n),r)}}})(),h=(()=>{const{compare:n,hex:i}=t,{isUsablePoint:s}=r,{Malformed:o}=e,{ISSUER_IDS_MAX:h,MEMBERS_MAX:c,NAME_BYTES_MAX:d,checkAscending:u,checkPeopleText:l,checkSet:f,normalIssuerId:m}=a
function g(e){const t=e.members.flatMap(e=>2===e.role&&e.consensusKey?[{member:e.id,key:e.consensusKey}]:[])
return f({number:0,firstHeight:1,validators:t})}function w(e){const t=[e.issuingKey,e.consensusKey,e.networkKey]
return[...e.governanceKeys,...t.filter(e=>void 0!==e)]}function p(e){l(e.name,1,d,"a member's name")
const t=e.role>0,a=2===e.role
if(void 0!==e.issuingKey!==t||void 0!==e.consensusKey!==a||a&&void 0===e.networkKey)throw new o("a member's keys are not those of its role")
const{governanceKeys:r,governanceThreshold:i}=e
if(r.length<1||r.length>5||i<1||i>r.length)throw new o("governance keys and their threshold")
if(r.some((e,t)=>t>0&&n(r[t-1],e)>=0))throw new o("governance keys are not in ascending order")
if(e.issuerIds.length>h||e.addresses.length>8||e.facts.length>16)throw new o("a list of a member is too long")
if(u(e.issuerIds,"issuer ids"),e.issuerIds.some(e=>m(e)!==e))throw new o("an issuer id is not in normal form")
u(e.facts.map(e=>e.name),"facts")
for(const t of[...e.addresses,...e.facts.flatMap(e=>[e.name,e.value])])l(t,1,255,"a text of a member")}return{GENESIS_BYTES_MAX:16<<20,checkGenesis:function(e){if(1!==e.version)throw new o("a genesis of another version")
if(l(e.name,1,d,"the consortium's name"),!/^[!-*,-~]{1,128}$/.test(e.logOrigin))throw new o("not an origin of a log")
if(function({blockBytesMax:e,heartbeatMs:t,protocol:n,next:a}){if(!(e>=262144&&e<=4194304&&t>=100&&t<=3e5))throw new o("a parameter is out of its range")
if(1!==n.layout||1!==n.rules||void 0!==a)throw new o("another protocol")}(e.parameters),e.members.length>c)throw new o(`${e.members.length} members`)
u(e.members.map(e=>e.id),"members")
const t=new Set,n=new Set
for(const a of e.members){p(a)
for(const e of w(a)){if(t.size===t.add(i(e)).size)throw new o("a key stands twice")
if(!s(e))throw new o("a key is not a usable point")}for(const e of a.issuerIds)if(n.size===n.add(e).size)throw new o("an issuer id of two members")}return g(e),e},firstSet:g}})(),c=(()=>{const{unhex:n}=t,{Malformed:r,NewerVerifier:i}=e,{isObject:c,parseForm:d}=s,{CHANGES_MAX:u,DISPUTED_MAX:l,ISSUER_IDS_MAX:f,KINDS:m,LABELS:g,MEMBERS_MAX:w,NAME_BYTES_MAX:p,PATH_HASHES_MAX:y,RECEIPT_BYTES_MAX:b,ROLES:k,STANDINGS:v,TRUST_BYTES_MAX:x,VALIDATORS_MAX:S,checkMemberId:A,checkPeopleText:M,checkSet:_,checkSummary:E,normalIssuerId:T}=a,{STATUS_LEAF_BYTES:I}=o,{GENESIS_BYTES_MAX:R,checkGenesis:$}=h,O=2**32-1,P={blockBytesMax:1048576,heartbeatMs:6e4,protocol:{layout:1,rules:1}}
class U extends r{}function N(e,t,n=[]){if(!c(e))throw new r("not an object")
for(const n of t)if(!(n in e))throw new r(`the field ${n} is missing`)
for(const a in e)if(!t.includes(a)&&!n.includes(a))throw new r(`the field ${a} is not known`)
return e}function B(e,t,n){if(!Array.isArray(e))throw new r("not a list")
if(e.length>t)throw new r(`a list of ${e.length}`)
return e.map(n)}function C(e,t,n){if(void 0===e)return[]
const a=B(e,t,n)
if(0===a.length)throw new r("an empty list is left out")
return a}const D=(e,t)=>void 0===e?void 0:t(e)
function L(e){if("string"!=typeof e)throw new r("not a text")
return e}function j(e,t=Number.MAX_SAFE_INTEGER){if("number"!=typeof e||e>t)throw new r("not an integer within its range")
return e}function H(e,t=32){const a=n(L(e))
if(a.length!==t)throw new r(`not ${t} bytes`)
return a}function F(e,t){const n=L(e)
if(!n.startsWith("ed25519:"))throw new r("an algorithm that is not known")
return H(n.slice(8),t)}const X=e=>F(e,32),z=e=>F(e,64)
function K(e,t){const n=t.indexOf(L(e))
if(n<0)throw new r("a word that is not known")
return n}const G=e=>B(e,y,e=>H(e))
function Y(e){const t=L(e)
if(T(t)!==t)throw new r("an issuer id is not in normal form")
return t}const W=e=>A(L(e))
function V(e){const t=N(e,["version","chain_id","height","round","time_ms","log_size","log_root","state_root","past","validators_hash","next_validators_hash"])
return{...J(t.version),chainId:H(t.chain_id),height:j(t.height),round:j(t.round,O),timeMs:j(t.time_ms),logSize:j(t.log_size),logRoot:H(t.log_root),stateRoot:H(t.state_root),past:H(t.past),validatorsHash:H(t.validators_hash),nextValidatorsHash:H(t.next_validators_hash)}}function J(e){const t=N(e,["layout","rules"])
return{layout:j(t.layout,255),rules:j(t.rules,255)}}function Z(e){const t=N(e,["previous","history_root","batches_root"])
return{previous:H(t.previous),historyRoot:H(t.history_root),batchesRoot:H(t.batches_root)}}function q(e){const t=N(e,["number","first_height","validators"])
return _({number:j(t.number,O),firstHeight:j(t.first_height),validators:B(t.validators,S,e=>{const t=N(e,["member","key"])
return{member:W(t.member),key:X(t.key)}})})}function Q(e){const t=N(e,["height","round","block","signatures"])
return{height:j(t.height),round:j(t.round,O),block:H(t.block),signatures:B(t.signatures,S,e=>{const t=N(e,["validator","signature"])
return{validator:j(t.validator,65535),signature:z(t.signature)}})}}function ee(e){const t=N(e,["header","certificate","next"])
return{header:V(t.header),certificate:Q(t.certificate),next:q(t.next)}}function te(e){if(Array.isArray(e)&&e.length>u)throw new U("more than 64 validator changes")
return C(e,u,ee)}function ne(e){const t=c(e)?e.by:void 0
if("certificate"===t){const n=N(e,["by","certificate"],["validator_changes"])
return{by:t,certificate:Q(n.certificate),changes:te(n.validator_changes)}}if("sealed"===t){const n=N(e,["by","path"])
return{by:t,path:G(n.path)}}if("history"!==t)throw new r("finality by what is not known")
const n=N(e,["by","path","past","header","certificate"],["validator_changes"])
return{by:t,path:G(n.path),past:Z(n.past),header:V(n.header),certificate:Q(n.certificate),changes:te(n.validator_changes)}}function ae(e){const t=N(e,["format","document","opening","proof"])
if("sanad-receipt/v1"!==t.format)throw new r("not a receipt")
return{document:K(t.document,m),opening:re(t.opening),proof:se(t.proof)}}function re(e){const t=c(e)?e.form:void 0
if("full"===t){const n=N(e,["form","secret"],["summary"])
return{form:t,secret:H(n.secret),summary:D(n.summary,ie)}}if("paper"===t){const n=N(e,["form","summary_key","summary","content"])
return{form:t,summaryKey:H(n.summary_key),summary:ie(n.summary),content:H(n.content)}}if("closed-summary"!==t)throw new r("an opening that is not known")
const n=N(e,["form","content_key","summary"])
return{form:t,contentKey:H(n.content_key),summary:H(n.summary)}}function ie(e){if(!c(e))throw new r("not an object")
const t=Object.keys(e)
if(void 0!==t.find(e=>!g.includes(e)))throw new i("a label of the summary that is not known")
const n=t.map(t=>({label:g.indexOf(t),text:L(e[t])}))
return E(n.sort((e,t)=>e.label-t.label))}function se(e){const t=N(e,["entry","index","log_path","status_leaf","status_path","issuer","others_root","header","finality"])
return{entry:oe(t.entry),index:j(t.index),logPath:G(t.log_path),statusLeaf:H(t.status_leaf,I),statusPath:G(t.status_path),issuer:he(t.issuer),othersRoot:H(t.others_root),header:V(t.header),finality:ne(t.finality)}}function oe(e){const t=N(e,["issuer","event"]),n=N(t.event,["kind","commitment"])
if("issue"!==n.kind)throw new r("the entry is not an issuance")
return{issuer:W(t.issuer),event:{kind:"issue",commitment:H(n.commitment)}}}function he(e){const t=N(e,["record","index","count","path"])
return{record:ce(t.record),index:j(t.index),count:j(t.count,w),path:G(t.path)}}function ce(e){const t=N(e,["id","name","standing","since","issuer_ids","disputed","rest"])
return{id:W(t.id),name:M(L(t.name),1,p,"name"),standing:K(t.standing,v),since:j(t.since),issuerIds:B(t.issuer_ids,f,e=>{const t=N(e,["id","from"],["until"])
return{id:Y(t.id),from:j(t.from),until:D(t.until,e=>j(e))}}),disputed:B(t.disputed,l,e=>{const t=N(e,["from","until"])
return{from:j(t.from),until:j(t.until)}}),rest:H(t.rest)}}function de(e){const t=N(e,["version","name","nonce","log_origin","members"],["predecessor","parameters","signatures"])
return function(e){if(void 0===e)return
if(!c(e)||0===Object.keys(e).length)throw new r("signatures are left out when empty")
for(const t in e){A(t)
const n=N(e[t],["possession"],["agreement"])
if(B(n.possession,1/0,z),void 0!==n.agreement){if(!c(n.agreement)||0===Object.keys(n.agreement).length)throw new r("agreement is left out when empty")
for(const e in n.agreement)X(e),z(n.agreement[e])}}}(t.signatures),$({version:j(t.version,255),name:L(t.name),nonce:H(t.nonce),logOrigin:L(t.log_origin),predecessor:D(t.predecessor,e=>{const t=N(e,["chain_id","height","block"])
return{chainId:H(t.chain_id),height:j(t.height),block:H(t.block)}}),parameters:void 0===t.parameters?P:ue(t.parameters),members:B(t.members,1/0,le)})}function ue(e){const t=N(e,["block_bytes_max","heartbeat_ms","protocol"],["next_protocol"])
return{blockBytesMax:j(t.block_bytes_max,O),heartbeatMs:j(t.heartbeat_ms,O),protocol:J(t.protocol),next:D(t.next_protocol,e=>{const t=N(e,["protocol","height"])
return{protocol:J(t.protocol),height:j(t.height)}})}}function le(e){const t=N(e,["id","name","role","governance_keys","governance_threshold"],["issuing_key","consensus_key","network_key","issuer_ids","addresses","facts"])
return{id:W(t.id),name:L(t.name),role:K(t.role,k),governanceKeys:B(t.governance_keys,1/0,X),governanceThreshold:j(t.governance_threshold,255),issuingKey:D(t.issuing_key,X),consensusKey:D(t.consensus_key,X),networkKey:D(t.network_key,X),issuerIds:C(t.issuer_ids,1/0,L),addresses:C(t.addresses,1/0,L),facts:C(t.facts,1/0,e=>{const t=N(e,["name","value"])
return{name:L(t.name),value:L(t.value)}})}}return{TooManyChanges:U,fields:N,items:B,optional:D,text:L,integer:j,bytes:H,key:X,word:K,headerOf:V,setOf:q,certificateOf:Q,finalityOf:ne,readReceiptJson:function(e){return ae(d(e,b))},receiptOf:ae,openingOf:re,proofOf:se,recordProofOf:he,readGenesis:e=>de(d(e,R)),genesisOf:de,readTrustJson:function(e){const t=N(d(e,x),["format","genesis","anchor","seals","remainder"],["validator_changes"])
if("sanad-trust/v1"!==t.format)throw new r("not a trust file")
const n=N(t.anchor,["header","certificate","past"])
return{genesis:de(t.genesis),changes:C(t.validator_changes,16384,e=>{const t=N(e,["header","certificate","next","path"])
return{change:{header:V(t.header),certificate:Q(t.certificate),next:q(t.next)},path:G(t.path)}}),header:V(n.header),certificate:Q(n.certificate),past:Z(n.past),seals:B(t.seals,65536,e=>H(e)),remainder:B(t.remainder,y,e=>H(e))}}}})(),d=(()=>{const{checkMemberId:t,checkSet:n,MEMBERS_MAX:r,VALIDATORS_MAX:i}=a,{Malformed:s}=e,o=4096,h=e=>({blockBytesMax:e.u32(),heartbeatMs:e.u32(),protocol:c(e),next:e.option(()=>({protocol:c(e),height:e.u64()}))}),c=e=>({layout:e.u8(),rules:e.u8()})
function d(e){const n=()=>e.tagged(32),a=t(e.text8()),r=e.text8(),i=e.u8()
if(i>2)throw new s("an unknown role")
return{id:a,name:r,role:i,governanceKeys:e.list32(o,n),governanceThreshold:e.u8(),issuingKey:e.option(n),consensusKey:e.option(n),networkKey:e.option(n),issuerIds:e.list32(o,()=>e.text8()),addresses:e.list32(o,()=>e.text8()),facts:e.list32(o,()=>({name:e.text8(),value:e.text8()}))}}return{readHeader:e=>({layout:e.u8(),rules:e.u8(),chainId:e.hash(),height:e.u64(),round:e.u32(),timeMs:e.u64(),logSize:e.u64(),logRoot:e.hash(),stateRoot:e.hash(),past:e.hash(),validatorsHash:e.hash(),nextValidatorsHash:e.hash()}),readCertificate:e=>({height:e.u64(),round:e.u32(),block:e.hash(),signatures:e.list32(i,()=>({validator:e.u16(),signature:e.tagged(64)}))}),readSet:e=>n({number:e.u32(),firstHeight:e.u64(),validators:e.list32(i,()=>({member:t(e.text8()),key:e.tagged(32)}))}),readGenesis:e=>({version:e.u8(),name:e.text8(),nonce:e.hash(),logOrigin:e.text8(),predecessor:e.option(()=>({chainId:e.hash(),height:e.u64(),block:e.hash()})),parameters:h(e),members:e.list32(r,()=>d(e))}),readParameters:h,readMember:d}})(),u=(()=>{const{Reader:n,equal:i,hex:s,startsWith:u}=t,{signatureHolds:l}=r,{Fault:f,Malformed:m,NewerVerifier:g}=e,{readTrustJson:w}=c,{checkGenesis:p,firstSet:y}=h,{CHANGES_MAX:b,LAYOUT:k,LOG_SIZE_MAX:v,TIME_MS_MAX:x,TRUST_BYTES_MAX:S,blockHash:A,chainIdOf:M,faultyMax:_,pastHash:E,quorum:T,setHash:I,voteMessage:R}=a,{readCertificate:$,readGenesis:O,readHeader:P,readSet:U}=d,{HISTORY:N,SEAL_HEADERS:B,foldHistory:C,isIncluded:D}=o,L=Uint8Array.of(245,115,110,116),j=(e,t)=>({chainId:M(e),genesis:e,sets:[y(e)],header:null,seals:[],nowMs:t})
function H(e,t){const n=(e.header?.height??0)+1
return t>n?null:e.sets.findLast(e=>e.firstHeight<=t)??null}function F(e,t){if(t.layout!==k)throw new f("header","needs-newer-verifier",`a header of layout ${t.layout}`)
if(0===t.height||t.timeMs>x||t.logSize>v)throw new f("header","tampered","a header that no block can have")
if(!i(t.chainId,e.chainId))throw new f("chain","foreign-chain",`a block of chain ${s(t.chainId)}`)}function X(e,t){if(e.header?.height===t.height&&!i(A(t),A(e.header)))throw new f("history","not-proven",`the header at height ${t.height} is not the one of the trust file`)}async function z(e,t,n,a){if(a.length>b)throw new f("validators","needs-trust-file",`${a.length} validator changes`)
const r=e.header
let s
if(null===r){if(s=await G(e,e.sets[0],0,a,t.height),0===a.length&&t.height>1&&!i(I(s),t.validatorsHash))throw new f("anchor","needs-trust-file",`the genesis does not know the validators of height ${t.height}`)
await W(t,n,s)}else if(t.height>r.height){K(e,r)
const o=a.findIndex(e=>e.header.height>r.height),h=o<0?[]:a.slice(o)
if(s=await G(e,e.sets[e.sets.length-1],r.height,h,t.height),0===h.length&&t.height>r.height+1&&!i(I(s),t.validatorsHash))throw new f("anchor","renew",`the trust file does not know the validators of height ${t.height}`)
await W(t,n,s)}else X(e,t),s=H(e,t.height),await W(t,n,s),t.height<r.height&&function(e,t,n,a){const r=e.sets[e.sets.length-1].validators,s=n.signatures.filter(({validator:e})=>{const t=a.validators[e]
return r.some(e=>e.member===t.member&&i(e.key,t.key))})
if(s.length<_(a)+1)throw new f("history","needs-history-path",`${s.length} of its signers still hold their key, too few`)
K(e,t)}(e,r,n,s)
const o=s.validators
return{signers:n.signatures.map(({validator:e})=>o[e].member),validators:o.length}}function K(e,t){if(!(t.timeMs-3e5<=e.nowMs&&e.nowMs<=t.timeMs+31536e6))throw new f("anchor","renew","the trust file is too old, or ahead of the clock")}async function G(e,t,n,a,r){let i=t,s=n
for(const t of a){const{height:n}=t.header
if(!(s<n&&n<r))throw new f("validators","tampered",`the change at height ${n} is out of order`)
s=n,i=await Y(e,i,t)}return i}async function Y(e,t,{header:n,certificate:a,next:r}){if(F(e,n),await W(n,a,t),!i(I(r),n.nextValidatorsHash))throw new f("validators","tampered",`not the validators that height ${n.height} names as the next`)
if(!(r.number===t.number+1&&r.firstHeight>t.firstHeight&&r.firstHeight===n.height+1))throw new f("validators","tampered",`the set after height ${n.height} does not follow`)
return r}async function W(e,t,n){if(!i(I(n),e.validatorsHash))throw new f("validators","not-proven",`the validators of height ${e.height} are not those that are trusted`)
if(t.height!==e.height||!i(t.block,A(e)))throw new f("certificate","tampered","the certificate is for another block")
const{signatures:a}=t
if(a.length<T(n))throw new f("certificate","not-proven",`${a.length} signatures at height ${e.height}, ${T(n)} needed`)
if(a.some((e,t)=>t>0&&a[t-1].validator>=e.validator))throw new f("certificate","tampered","signatures are not in strictly ascending order of validator")
const r=R(e,t.round),s=await Promise.all(a.map(async({validator:e,signature:t})=>{const a=n.validators[e]
return void 0!==a&&l(a.key,t,r)}))
a.forEach(({validator:e},t)=>{if(e>=n.validators.length)throw new f("certificate","not-proven",`validator ${e} is not in the set`)
if(s[t])return
const a=s.includes(!0)?`the signature of ${n.validators[e].member} is wrong`:"none of the signatures is over this block"
throw new f("certificate","tampered",a)})}async function V(e,t,n,a){const r=await N.leaf(A(e))
if(!await D(N,r,e.height-1,t-1,a,n))throw new f("history","tampered",`height ${e.height} is not in the history of height ${t}`)}return{TRUST_MAGIC:L,trustGenesis:j,readTrust:function(e){if(e.length>S)throw new m("longer than a trust file may be")
return u(e,L)?function(e){const t=new n(e.subarray(L.length))
if(1!==t.u8())throw new g("a trust file of another version")
const a=O(t),r=t.list32(16384,()=>({change:{header:P(t),certificate:$(t),next:U(t)},path:t.list32(64,()=>t.hash())})),i={genesis:a,changes:r,header:P(t),certificate:$(t),past:{previous:t.hash(),historyRoot:t.hash(),batchesRoot:t.hash()},seals:t.list32(65536,()=>t.hash()),remainder:t.list32(64,()=>t.hash())}
return t.finish(),p(a),i}(e):w(e)},trustFile:async function(e,t){const n=j(e.genesis,t),a=e.header
if(F(n,a),!i(E(e.past),a.past))throw new f("history","tampered","what the anchor's past is said to be is not what it is")
const r=[...n.sets]
let s=0
for(const{change:t,path:o}of e.changes){const{height:h}=t.header
if(!(s<h&&h<=a.height))throw new f("validators","tampered",`the change at height ${h} is out of order`)
if(s=h,r.push(await Y(n,r[r.length-1],t)),h<a.height)await V(t.header,a.height,e.past.historyRoot,o)
else if(!i(A(t.header),A(a))||o.length>0)throw new f("validators","tampered","a change at the anchor's height is not the anchor")}if(await W(a,e.certificate,r.findLast(e=>e.firstHeight<=a.height)),!i(I(r[r.length-1]),a.nextValidatorsHash))throw new f("validators","not-proven","the changes do not lead to the validators after the anchor")
const o=await C(a.height-1,e.seals,e.remainder)
if(null===o||!i(o,e.past.historyRoot))throw new f("history","tampered","seals and remainder are not those of the anchor")
return{...n,sets:r,header:a,seals:e.seals}},setAt:H,setNumbered:(e,t)=>e.sets.find(e=>e.number===t)??null,checkFinal:async function(e,t,n){if(F(e,t),"sealed"===n.by)return async function(e,t,n){if(null===e.header)throw new f("anchor","needs-trust-file","a sealed header needs a trust file")
const a=Math.floor((t.height-1)/B)
if(a>=e.seals.length)throw new f("anchor","renew",`the trust file has no seal over height ${t.height}`)
const r=await N.leaf(A(t))
if(!await D(N,r,(t.height-1)%B,B,n,e.seals[a]))throw new f("history","tampered",`height ${t.height} is not under the seal`)
return{signers:[],validators:H(e,t.height)?.validators.length??0}}(e,t,n.path)
if("certificate"===n.by)return z(e,t,n.certificate,n.changes)
const a=n.header
F(e,a)
const r=await z(e,a,n.certificate,n.changes)
if(!i(E(n.past),a.past))throw new f("history","tampered",`what the past of height ${a.height} is said to be is not what it is`)
return await V(t,a.height,n.past.historyRoot,n.path),X(e,t),r},checkForm:F,checkCertificate:W}})(),l=(()=>{const{Reader:n,equal:r,hex:i,utf8:s}=t,{Fault:h,Malformed:d,NewerVerifier:l}=e,{TooManyChanges:f}=c,{CHANGES_MAX:m,DISPUTED_MAX:g,ISSUER_IDS_MAX:w,LABELS:p,LAYOUT:y,MEMBERS_MAX:b,NAME_BYTES_MAX:k,RECEIPT_BYTES_MAX:v,SUMMARY_BYTES_MAX:x,VALIDATORS_MAX:S,blockHash:A,checkMemberId:M,checkSet:_,checkSummary:E,encodeIssuance:T,encodeRecord:I,normalIssuerId:R,pastHash:$,quorum:O,setHash:P}=a,{LOG:U,MEMBERS:N,STATUS:B,STATUSES_PER_LEAF:C,STATUS_LEAF_BYTES:D,membersRoot:L,pathLength:j,rootOf:H,stateRoot:F}=o,{setAt:X,setNumbered:z}=u,K=Uint8Array.of(245,115,110,100),G=2**32-1
class Y extends n{number(e=1/0){let t=0n
for(let n=0n;;n+=7n){const a=this.u8()
if(t|=BigInt(127&a)<<n,t>=1n<<64n||Number(t)>e||n>63n)throw new d("a number out of its range")
if(a<128){if(0===a&&n>0n)throw new d("a number that is longer than needed")
return Number(t)}}}places(e){const t=this.take(Math.ceil(e/8))
return Array.from({length:8*t.length},(e,t)=>t).filter(e=>t[e>>3]>>(7&e)&1)}bitmap(e){const t=this.places(e)
if(t.some(t=>t>=e))throw new h("certificate","not-proven","a validator beyond the set is named")
return t}path(e,t){if(!(e<t))throw new d(`index ${e} is not in a tree of ${t} leaves`)
return this.hashes(j(e,t))}}function W(e){if(null===e)throw new d("a path does not fit its place")
return e}function V(e){const t=e.at,n=e.u8()
if(n<1||n>p.length)throw new d("a summary has 1 to 8 fields")
const a=Array.from({length:n},()=>({label:e.u8(),text:e.text8()}))
if(e.at-t>x)throw new d("the summary is too long")
if(a.some(({label:e})=>e>=p.length))throw new l("a label of the summary that is not known")
return E(a)}const J=(e,t)=>new h("anchor",null===e.header?"needs-trust-file":"renew",`${t} is not known`)
function Z(e,t,n){const a=e.bitmap(t.validators.length),i=e.number(S),s=[]
for(let n=0;n<i;n++){const a={member:M(e.text8()),key:e.hash()}
if(t.validators.some(e=>e.member===a.member&&r(e.key,a.key)))throw new d("a validator comes that was one before")
if(n>0&&s[n-1].member>=a.member)throw new d("validators that come are not in order")
s.push(a)}const o=[...t.validators.filter((e,t)=>!a.includes(t)),...s].sort((e,t)=>e.member<t.member?-1:Number(e.member>t.member)),c={number:t.number+1,firstHeight:n+1,validators:o}
try{if(_(c),c.firstHeight<=t.firstHeight)throw new d("it begins no later than the set before")}catch(e){if(!(e instanceof d))throw e
throw new h("validators","tampered",`the validators after height ${n}: ${e.message}`)}return c}function q(e){return{rules:e.u8(),height:e.number(),round:e.number(G),timeMs:e.number(),past:e.hash(),logSize:e.number()}}const Q=(e,t,n,a,r,i)=>({...t,layout:y,chainId:e.chainId,logRoot:n,stateRoot:a,validatorsHash:r,nextValidatorsHash:i})
function ee(e,t,n){const a=e.number(G),r=e.bitmap(n.validators.length)
if(r.length!==O(n))throw new h("certificate","not-proven",`${r.length} signatures, not the ${O(n)} that suffice`)
const i=r.map(t=>({validator:t,signature:e.take(64)}))
return{height:t.height,round:a,block:A(t),signatures:i}}function te(e,t){const n=e.number()
if(n<1||n>t)throw new d(`a list of ${n}`)
return n}return{RECEIPT_MAGIC:K,readReceiptBinary:async function(e,t){if(e.length>v)throw new d("longer than a receipt may be")
const n=new Y(e)
if(!r(n.take(4),K))throw new d("not a binary receipt")
if(1!==n.u8())throw new l("a binary receipt of another version")
const a=n.take(8)
if(!r(a,t.chainId.subarray(0,8)))throw new h("chain","foreign-chain",`a receipt of chain ${i(a)}…`)
const o=n.u8(),c=3&o,u=o>>4&3
if(128&o||3===c||3===u)throw new d("unknown flags")
const p=function(e,t){return 0===t?{form:"full",secret:e.hash()}:1===t?{form:"full",secret:e.hash(),summary:V(e)}:2===t?{form:"paper",summaryKey:e.hash(),summary:V(e),content:e.hash()}:{form:"closed-summary",contentKey:e.hash(),summary:e.hash()}}(n,o>>2&3),y=n.hash(),x=1===u?null:function(e,t){const n=e.number()
let a=z(t,n)
if(null===a)throw J(t,`validator set ${n}`)
const r=e.number()
if(r>m)throw new f("more than 64 validator changes")
const i=[]
for(let n=0;n<r;n++){const n=q(e),r=e.hash(),s=e.hash(),o=Z(e,a,n.height),h=Q(t,n,r,s,P(a),P(o))
i.push({header:h,certificate:ee(e,h,a),next:o}),a=o}return{changes:i,validators:a}}(n,t),S=2===u&&null!==x?function(e,t,n){const a={rules:e.u8(),height:e.number(),round:e.number(G),timeMs:e.number(),logSize:e.number()},r=e.hash(),i=e.hash(),s={previous:e.hash(),historyRoot:e.hash(),batchesRoot:e.hash()},o=Q(t,{...a,past:$(s)},r,i,P(n),e.hash())
return{header:o,past:s,certificate:ee(e,o,n)}}(n,t,x.validators):null,A=q(n),{height:_,logSize:E}=A,O=null!==S?n.hash():P(null!==x?x.validators:function(e,t){const n=X(e,t)
if(null===n)throw J(e,`the validator set of height ${t}`)
return n}(t,_)),j=64&o?n.hash():O
if(64&o&&r(j,O))throw new d("the next validators hash is given and need not be")
const ne=n.number(),ae=n.path(ne,E),re=function(e){const t=e.u8()
if(t>1)throw new d("a status leaf of another form")
if(1===t){const t=e.take(D)
if(t.filter(e=>0!==e).length<=55)throw new d("a status leaf could be sparse")
return t}const n=new Uint8Array(D),a=e.places(D)
if(a.length>55)throw new d("a status leaf should be whole")
for(const t of a)if(n[t]=e.u8(),0===n[t])throw new d("a byte of the status leaf is given and is 0")
return n}(n),ie=Math.floor(ne/C),se=Math.ceil(E/C),oe=n.path(ie,se),he=function(e){const t=e.u8()
if(t>15)throw new d("unknown flags of the record")
const n=M(e.text8()),a=e.text8()
if(""===a||s(a).length>k)throw new d("a name of no or too many bytes")
const r=e.number(),i=[]
for(let n=4&t?te(e,w):0;n>0;n--){const t=e.text8()
if(R(t)!==t)throw new d("an issuer id is not in normal form")
i.push({id:t,from:e.number(),until:e.number()||void 0})}const o=[]
for(let n=8&t?te(e,g):0;n>0;n--)o.push({from:e.number(),until:e.number()})
return{id:n,name:a,standing:3&t,since:r,issuerIds:i,disputed:o,rest:e.hash()}}(n),ce=n.number(),de=n.number(b),ue=n.path(ce,de),le=n.hash(),fe=await U.leaf(T(he.id,y)),me=W(await H(U,fe,ne,E,ae)),ge=W(await H(B,await B.leaf(re),ie,se,oe)),we=W(await H(N,await N.leaf(I(he)),ce,de,ue)),pe=Q(t,A,me,F(ge,L(de,we),le),O,j),ye=function(e,t,n,a){if(null===n)return{by:"sealed",path:e.hashes(16)}
const{changes:r,validators:i}=n
if(null===a)return{by:"certificate",certificate:ee(e,t,i),changes:r}
const s=e.path(Math.max(t.height-1,0),Math.max(a.header.height-1,0))
return{by:"history",path:s,past:a.past,header:a.header,certificate:a.certificate,changes:r}}(n,pe,x,S)
return n.finish(),{document:c,opening:p,proof:{entry:{issuer:he.id,event:{kind:"issue",commitment:y}},index:ne,logPath:ae,statusLeaf:re,statusPath:oe,issuer:{record:he,index:ce,count:de,path:ue},othersRoot:le,header:pe,finality:ye}}},readSummary:V}})(),f=(()=>{const{decodeUtf8:n,hex:a,unbase64url:i,utf8:o}=t,{sha256:h}=r,{Malformed:c}=e,{JSON_DEPTH_MAX:d,isObject:u,parseDocument:l}=s,f=["_sd","...","_sd_alg"]
function m(e){const t=e.split(".")
if(3!==t.length||t.includes(""))throw new c("not a JWT")
return t}function g(e){const t=l(e)
if(!u(t))throw new c("a part of another type")
return t}class w{constructor(){this.open=new Map,this.met=new Set}async process(e,t){for(const t of e){const e=a(await h(o(t))),n=l(i(t))
if(this.open.has(e)||!Array.isArray(n))throw new c("a disclosure is there twice, or not an array")
this.open.set(e,n)}if("_sd_alg"in t&&"sha-256"!==t._sd_alg)throw new c("an unknown _sd_alg")
delete t._sd_alg
const n=this.object(t,1)
if(this.open.size>0)throw new c("no digest refers to a disclosure")
return n}value(e,t){return Array.isArray(e)?this.array(e,t):u(e)?this.object(e,t):e}object(e,t){if(t>d||"..."in e)throw new c("nested too deep, or a reserved name")
const n="_sd"in e?e._sd:[]
if(!Array.isArray(n))throw new c("_sd is not an array")
const a=Object.create(null)
for(const n in e)"_sd"!==n&&(a[n]=this.value(e[n],t+1))
for(const e of n){const n=this.referred(e)
if(void 0===n)continue
const[r,i,s]=n
if(3!==n.length||"string"!=typeof r||"string"!=typeof i)throw new c("a disclosed claim has salt, name and value")
if(f.includes(i)||i in a)throw new c("a disclosed claim has a reserved name, or is there already")
a[i]=this.value(s,t+1)}return a}array(e,t){if(t>d)throw new c("nested too deep")
const n=[]
for(const a of e){let e=a
if(u(a)&&"..."in a&&1===Object.keys(a).length){const t=this.referred(a["..."])
if(void 0===t)continue
if(2!==t.length||"string"!=typeof t[0])throw new c("a disclosed element has salt and value")
e=t[1]}n.push(this.value(e,t+1))}return n}referred(e){const t="string"==typeof e?i(e):new Uint8Array(0)
if(32!==t.length||this.met.has(a(t)))throw new c("a digest is malformed, or met twice")
this.met.add(a(t))
const n=this.open.get(a(t))
return this.open.delete(a(t)),n}}return{readSdJwt:async function(e){if(e.length>1048576)throw new c("longer than 1 MiB")
let t=n(e).replace(/^[ \t\n\r]+|[ \t\n\r]+$/g,"")
t.startsWith("{")&&(t=function(e){let t=e
if("signatures"in e){const n=e.signatures
if(["protected","signature","header"].some(t=>t in e)||!Array.isArray(n)||1!==n.length)throw new c("the JSON serialisation")
t=n[0]}if(!u(t))throw new c("the JSON serialisation")
const n="header"in t?t.header:Object.create(null)
if(!u(n))throw new c("the JSON serialisation")
const a="disclosures"in n?n.disclosures:[],r="kb_jwt"in n?n.kb_jwt:""
if(!Array.isArray(a)||"kb_jwt"in n&&!r)throw new c("the JSON serialisation")
const i=[t.protected,e.payload,t.signature],s=[...i,...a,r].map(e=>{if("string"!=typeof e||e.includes("~"))throw new c("the JSON serialisation")
return e})
if(s.slice(0,3).some(e=>e.includes(".")))throw new c("the JSON serialisation")
return[s.slice(0,3).join("."),...s.slice(3)].join("~")}(g(o(t))))
const a=t.split("~")
if(a.length<2)throw new c("not an SD-JWT")
const[r,...s]=a.slice(0,-1),h=a[a.length-1]
if(s.length>1024)throw new c(`${s.length} disclosures`)
const[d,l]=m(r).map(e=>i(e)),f=g(d),{alg:p}=f
if("string"!=typeof p||"none"===p.toLowerCase()||"crit"in f)throw new c("the protected header")
""!==h&&m(h).forEach(i)
const y=await(new w).process(s,g(l))
return{issuerSigned:r,claims:y,holderBound:""!==h||"cnf"in y}}}})(),m=(()=>{const{blake3:r,derive:i}=n,{concat:o,equal:h,text8:c,u8:d,utf8:u}=t,{DocumentNeeded:l,Fault:m,Malformed:g}=e,{canonical:w,isObject:p,parseDocument:y}=s,{KINDS:b,LABELS:k,encodeSummary:v,isDate:x}=a,{readSdJwt:S}=f
async function A(e,t){if("json"===b[e]){const e=y(t)
return{digest:r(u(w(e))),said:e}}if("sd-jwt"===b[e]){const{issuerSigned:e,claims:n,holderBound:a}=await S(t)
return{digest:r(u(e)),said:n,holderBound:a}}if(t.length>67108864)throw new g("longer than 64 MiB")
return{digest:r(t)}}function M(e,t,n,a,r){const s=e=>i("sanad/v1 content",o(e,r))
let h,u
return"full"===a.form?(h=new Uint8Array(32),void 0!==a.summary&&(h=_(i("sanad/v1 summary key",a.secret),a.summary)),u=s(i("sanad/v1 content key",a.secret))):"paper"===a.form?(h=_(a.summaryKey,a.summary),u=a.content):(h=a.summary,u=s(a.contentKey)),i("sanad/v1 credential",o(e,c(t),d(n),h,u))}const _=(e,t)=>i("sanad/v1 summary",o(e,v(t)))
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
throw new m("document","tampered",`the document has no digest: ${e.message}`)}if("paper"===r.form){if(null!==i)throw new m("document","not-proven","a paper receipt does not prove a document")}else if(null===i)throw new l("the document is needed to check this receipt")
if(!h(M(e,t,a,r,s?.digest??new Uint8Array(0)),n))throw new m("document","tampered","the document or the secret was changed")
return{said:s?.said,holderBound:s?.holderBound??!1}},openSummary:e=>"closed-summary"===e.form?void 0:e.summary,contradictions:function(e,t){const n=E(t)
return null===n?null:e.filter(({label:e,text:t})=>n.get(e)!==t).map(({label:e})=>k[e])},derivedFields:E,namedIssuer:function(e,t){if(!p(t))return
const n="sd-jwt"===b[e]&&"iss"in t?"iss":"issuer"
if(!(n in t))return
const a=p(t[n])?t[n].id:t[n]
return"string"==typeof a?a:null}}})(),g=(()=>{const e=/^(-?)(\d{4}|[1-9]\d{4,})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))?$/
return{moment:function(t){const n="string"==typeof t?e.exec(t):null
if(null===n)return null
const[,a,r,...i]=n,[s,o,h,c,d]=i.map(Number),[u,l]=[i[5]??"",i[6]],f=void 0===l?0:Number(`${l}1`)*(60*Number(i[7])+Number(i[8]))
if(void 0!==l&&(Number(i[8])>59||Math.abs(f)>840))return null
const m=24===h&&0===c&&0===d&&/^0*$/.test(u)
if(h>23&&!m||c>59||d>59||s<1||s>12)return null
if(r.length>5)return""===a?1/0:-1/0
const g=new Date(0)
if(g.setUTCFullYear(Number(`${a}${r}`),s-1,o),o<1||g.getUTCDate()!==o)return null
const w=1e3*(60*(60*h+c-f)+d)
return g.getTime()+w+Number(u.padEnd(3,"0").slice(0,3))},numericDate:e=>"number"==typeof e?Math.floor(1e3*e):null,CLOCK_TOLERANCE_MS:12e4}})(),w=(()=>{const{equal:n,hex:r,startsWith:i}=t,{RECEIPT_MAGIC:h,readReceiptBinary:d}=l,{checkDocument:f,contradictions:w,derivedFields:p,namedIssuer:y,openSummary:b}=m,{moment:k,numericDate:v}=g,{Fault:x,Malformed:S,NewerVerifier:A}=e,{TooManyChanges:M,readReceiptJson:_}=c,{isObject:E}=s,{KINDS:T,LABELS:I,MEMBERS_MAX:R,RECEIPT_BYTES_MAX:$,STANDINGS:O,STATUSES:P,blockHash:U,checkRecord:N,encodeIssuance:B,encodeRecord:C,normalIssuerId:D}=a,{LOG:L,MEMBERS:j,STATUS:H,STATUSES_PER_LEAF:F,isIncluded:X,membersRoot:z,rootOf:K,stateRoot:G}=o,{checkFinal:Y}=u,W=new Map([["active",0],["confirmed",0],["proved",0],["stale",1],["suspended",1],["disputed",1],["revoked",1],["tampered",1],["not-proven",1],["needs-history-path",1],["foreign-chain",1],["could-not-be-checked",2],["renew",2],["needs-trust-file",2],["needs-newer-verifier",2]]),V=[...W.keys()]
function J(e){if(e.length>$)return!1
if(i(e,h))return!0
let t
try{if(t=new TextDecoder("utf-8",{fatal:!0,ignoreBOM:!0}).decode(e),!E(JSON.parse(t)))return!1}catch{return!1}const n=function(e){const t=[],n=e.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]/gs)
let a=0,r="",i=""
for(const[e]of n)1===a&&":"===e?(r=JSON.parse(i),t.push([r,null])):1===a&&":"===i&&e.startsWith('"')&&(t[t.length-1][1]=JSON.parse(e)),"{"!==e&&"["!==e||(a+=1),"}"!==e&&"]"!==e||(a-=1),i=e
return t}(t).filter(([e])=>"format"===e)
return 1===n.length&&"sanad-receipt/v1"===n[0][1]}const Z=()=>({verdict:null,reason:null,checks:[],asOf:null,restsOn:null,existedBy:null,form:null,issuer:null,logIndex:null,commitment:null,summary:null,stated:null,start:null,expiry:null,unreadable:[],signers:[],validators:0,notProved:[],proof:null})
function q(e,...t){for(const n of t)e.checks.push({part:n,holds:!0,detail:""})}function Q(e,t){e.checks.push({part:t.part,holds:!1,detail:t.message}),(null===e.verdict||V.indexOf(t.word)>V.indexOf(e.verdict))&&(e.verdict=t.word,e.reason=`${t.part}: ${t.message}`)}function ee(e,t,n){const a=[],r=[e.summary?.valid_until,e.stated?.valid_until].flatMap(e=>void 0===e?[]:[Date.parse(e)+864e5])
if(E(n)){const i="sd-jwt"===T[t]
for(const{name:t,read:s,list:o}of[{name:"validFrom",read:k,list:a},{name:"issuanceDate",read:k,list:a},{name:"validUntil",read:k,list:r},{name:"expirationDate",read:k,list:r},{name:"nbf",read:v,list:a},{name:"exp",read:v,list:r}]){if(!(t in n))continue
const a=s(n[t])
null!==a?o.push(a):(i||null!==e.stated&&s===k)&&e.unreadable.push(t)}}const i=r.filter(e=>!Number.isNaN(e))
e.start=0===a.length?null:Math.max(...a),e.expiry=0===i.length?null:Math.min(...i)}async function te(e,t,a){const{header:i,finality:s}=a,{record:o}=a.issuer
e.form=s.by
const h=await Y(t,i,s)
q(e,"header","chain",..."sealed"===s.by?[]:["validators","certificate"]),"certificate"!==s.by&&q(e,"history"),q(e,"anchor"),e.restsOn=t.header?{anchor:"trust-file",height:t.header.height,timeMs:t.header.timeMs}:{anchor:"genesis"},e.asOf={height:i.height,timeMs:i.timeMs},e.signers=h.signers,e.validators=h.validators
const c=a.entry.event.commitment,d=await L.leaf(B(a.entry.issuer,c))
if(!await X(L,d,a.index,i.logSize,a.logPath,i.logRoot))throw new x("inclusion","tampered","the entry is not in the log at that index")
if(q(e,"inclusion"),e.logIndex=a.index,e.commitment=r(c),e.existedBy=i.timeMs+1e3+5e3*2**Math.min(Math.max(i.round-4,0),12),o.id!==a.entry.issuer)throw new x("issuer","tampered","the record is of another member than the entry's issuer")
const u=await async function({record:e,index:t,count:n,path:a}){try{N(e)}catch(e){if(!(e instanceof S))throw e
throw new x("issuer","tampered",e.message)}if(n>R)throw new x("issuer","tampered",`${n} members`)
const r=await K(j,await j.leaf(C(e)),t,n,a)
if(null===r)throw new x("issuer","tampered","the path of the record does not fit its place")
return z(n,r)}(a.issuer),l=Math.floor(a.index/F),f=Math.ceil(i.logSize/F),m=await K(H,await H.leaf(a.statusLeaf),l,f,a.statusPath)
if(null===m)throw new x("status","tampered","the path of the status leaf does not fit its place")
if(!n(G(m,u,a.othersRoot),i.stateRoot))throw new x("state","tampered","status and record are not those of the block")
return q(e,"issuer","status","state"),e.issuer={id:o.id,name:o.name,standing:O[o.standing],since:o.since},ne(a.statusLeaf,a.index,o)}function ne(e,t,n){const a=e[Math.floor(t%F/4)]>>t%4*2&3,r=n.disputed.some(({from:e,until:n})=>e<=t&&t<n)
return"active"===P[a]&&r?"disputed":P[a]}return{WORDS:W,verifyReceipt:async function(e,t,n){const a=Z()
let r
try{r=i(t,h)?await d(t,e):_(t)}catch(e){return Q(a,function(e,t){if(e instanceof x)return e
if(e instanceof M)return new x("validators","needs-trust-file",e.message)
if(e instanceof A)return new x("encoding","needs-newer-verifier",e.message)
if(!(e instanceof S&&J(t)))throw e
return new x("encoding","tampered",e.message)}(e,t)),a}a.proof=r.proof,q(a,"encoding")
try{await async function(e,t,n,a){const{proof:r,opening:i}=n,s=await te(e,t,r),{record:o}=r.issuer,h=r.entry.event.commitment,{said:c,holderBound:d}=await f(t.chainId,o.id,h,n.document,i,a),u=b(i)
void 0!==u&&(e.summary=Object.fromEntries(u.map(({label:e,text:t})=>[I[e],t])))
q(e,"paper"===i.form?"summary":"document"),"paper"===i.form&&e.notProved.push("document-not-seen")
d&&e.notProved.push("holder-not-checked")
e.verdict=s
const l=p(c)
null!==l&&(e.stated=Object.fromEntries([...l].map(([e,t])=>[I[e],t])))
ee(e,n.document,c),function(e,t,n){const a=b(t.opening)
if(void 0===a||void 0===n||"json"!==T[t.document])return
const r=w(a,n)
null===r?e.notProved.push("summary-without-rule"):0===r.length?q(e,"summary"):Q(e,new x("summary","not-proven",`the issuer's summary contradicts the document: ${r.join(", ")}`))}(e,n,c),function(e,{document:t,proof:n},a){const r=y(t,a)
if(void 0===r)return void(void 0===a&&"bytes"!==T[t]||e.notProved.push("issuer-not-named"))
const i=null===r?null:D(r),{record:s}=n.issuer,o=s.issuerIds.some(({id:e,from:t,until:a})=>e===i&&t<=n.index&&(void 0===a||n.index<a))
o?q(e,"issuer-id"):Q(e,new x("issuer-id","not-proven",`the document names another issuer than ${s.id}: ${JSON.stringify(r)}`))}(e,n,c),e.notProved.push("status-after","truth")}(a,e,r,n)}catch(e){if(!(e instanceof x))throw e
Q(a,e)}return a},isClaimed:J,blank:Z,conclude:Q,readDates:ee,statusOf:ne,renewFinding:async function(e,t,a,r){const i=Z(),s=await te(i,t,r),o=a.header.height,{height:h}=r.header
if(h<o)throw new S("the export is behind the receipt")
const c=ne(a.statusLeaf,a.index,a.issuer.record)
return(h===o?!n(U(r.header),U(a.header)):"revoked"===c&&"revoked"!==s)?Q(e,new x("online","not-proven","two proofs contradict each other")):(q(e,"online"),e.verdict===c&&(e.verdict=s),Object.assign(e,{asOf:i.asOf,issuer:i.issuer,signers:i.signers,validators:i.validators})),e}}})(),p=(()=>{const{source:t}=r,{Malformed:n}=e
return{inflate:async function(e,a,r){const i=new Blob([t(e)]).stream().pipeThrough(new DecompressionStream(a)).getReader(),s=[]
let o=0
try{for(;;){const{done:e,value:t}=await i.read()
if(e)break
if(o+=t.length,o>r)throw new n("it inflates to too much")
s.push(t)}}catch(e){throw i.cancel().catch(()=>{}),e instanceof n?e:new n("a compressed part is damaged")}const h=new Uint8Array(o)
let c=0
for(const e of s)h.set(e,c),c+=e.length
return h}}})(),y=(()=>{const{decodeUtf8:n}=t,{Malformed:a}=e,{inflate:r}=p,i=16<<20
async function s(e,t,n){if(33639248!==t.getUint32(n,!0))throw new a("the directory of the ZIP archive is damaged")
if(1&t.getUint16(n+8,!0))throw new a("the ZIP archive is encrypted")
const s=t.getUint16(n+10,!0),o=t.getUint32(n+20,!0),h=t.getUint32(n+42,!0),c=h+30+t.getUint16(h+26,!0)+t.getUint16(h+28,!0),d=e.subarray(c,c+o)
if(8===s)return r(d,"deflate-raw",i)
if(0!==s)throw new a("a compression that is not known")
if(d.length>i)throw new a("a file of the ZIP archive is too long")
return d.slice()}return{isZip:e=>80===e[0]&&75===e[1]&&3===e[2]&&4===e[3],readZip:async function(e){if(e.length>67108864)throw new a("a ZIP archive of more than 64 MiB")
const t=new DataView(e.buffer,e.byteOffset,e.byteLength)
let r=e.length-22
const i=Math.max(0,r-65535)
for(;r>=i&&101010256!==t.getUint32(r,!0);)r-=1
if(r<i)throw new a("a ZIP archive without its directory")
const o=t.getUint16(r+10,!0)
if(o>64)throw new a("a ZIP archive of more than 64 files")
const h=[]
try{let a=t.getUint32(r+16,!0)
for(let r=0;r<o;r++){const r=t.getUint16(a+28,!0),i=n(e.subarray(a+46,a+46+r))
i.endsWith("/")||h.push({name:i.replace(/^.*[/\\]/,""),data:await s(e,t,a)}),a+=46+r+t.getUint16(a+30,!0)+t.getUint16(a+32,!0)}}catch(e){if(e instanceof RangeError)throw new a("a ZIP archive that is cut short")
throw e}return h}}})(),b=(()=>{const{Malformed:t}=e,n=/(?:[\0\t\n\f\r ]|%[^\r\n]*)*/y,a=/(\d{1,10})[\0\t\n\f\r ]+\d{1,5}[\0\t\n\f\r ]+R(?![^\0\t\n\f\r ()<>[\]{}/%])/y,r=/[+-]?(?:\d+\.?\d*|\.\d+)(?![^\0\t\n\f\r ()<>[\]{}/%])/y,i=/\/[^\0\t\n\f\r ()<>[\]{}/%]*/y,s=/<[\0\t\n\f\r \dA-Fa-f]*>/y,o=/true|false|null/y
class h{constructor(e){this.number=e}}return{Reference:h,Syntax:class{constructor(e,t){this.text=e,this.at=t}take(e){e.lastIndex=this.at
const t=e.exec(this.text)
return null!==t&&(this.at=e.lastIndex),t}word(e){this.take(n)
const t=this.text.startsWith(e,this.at)
return t&&(this.at+=e.length),t}value(e=0){if(e>64)throw new t("the PDF is damaged: too deep")
if(this.word("<<"))return this.dictionary(e)
if(this.word("[")){const t=[]
for(;!this.word("]");)t.push(this.value(e+1))
return t}if("("===this.text[this.at])return this.string()
const n=this.take(a)
if(n)return new h(Number(n[1]))
const i=this.take(r)
if(i)return Number(i[0])
const c=this.name()
if(null!==c)return c
const d=this.take(s)
if(d){return`(${(d[0].replace(/[^\dA-Fa-f]/g,"").match(/..?/g)??[]).map(e=>String.fromCharCode(parseInt(e.padEnd(2,"0"),16))).join("")}`}const u=this.take(o)
if(u)return"null"===u[0]?null:"true"===u[0]
throw new t("the PDF is damaged: no value")}name(){return this.take(i)?.[0].replace(/#([\dA-Fa-f]{2})/g,(e,t)=>String.fromCharCode(parseInt(t,16)))??null}dictionary(e){const n=new Map
for(;!this.word(">>");){const a=this.name()
if(null===a)throw new t("the PDF is damaged: no name")
if(n.has(a))throw new t("the PDF is damaged: a name stands twice")
n.set(a,this.value(e+1))}return n}string(){const e=this.at
let n=0
do{const e=this.text[this.at]
if(void 0===e)throw new t("the PDF is damaged: no end of a text")
"\\"===e?this.at+=1:"("===e?n+=1:")"===e&&(n-=1),this.at+=1}while(n>0)
return this.text.slice(e,this.at-1)}}}})(),k=(()=>{const{Malformed:t}=e,{inflate:n}=p,{Syntax:a}=b,r=65536,i=4<<20,s=e=>new t(`the PDF is damaged: ${e}`),o=()=>s("a table or an object stream has another form"),h=()=>new t("a filter that is not known")
function c(e){let t=""
for(let n=0;n<e.length;n+=8192)t+=String.fromCharCode(...e.subarray(n,n+8192))
return t}function d(e){if(!Array.isArray(e))throw o()
return e.map(e=>{if(!Number.isInteger(e))throw o()
return Number(e)})}return{textOf:c,Objects:class{constructor(e,n,a){this.data=e,this.whole=n,this.ends=a,this.packedLeft=i,this.at=new Map,this.begins=new Map,this.seen=new Set
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
if(t=o,e.push({value:i,holder:a}),i instanceof Map&&"/ObjStm"===i.get("/Type"))for(const t of await this.packed(a,i))e.push({value:t,holder:a})}return e}async packed(e,t){const n=c(await this.stream(e,this.packedLeft))
this.packedLeft-=n.length
const[i,h]=[t.get("/N"),t.get("/First")]
if("number"!=typeof i||"number"!=typeof h||i>r)throw o()
const d=new a(n,0),u=[]
let l=h
for(let t=0;t<i;t++){const[t,r]=[d.value(),d.value()]
if("number"!=typeof t||"number"!=typeof r)throw o()
if(this.note(t,this.at.get(e).begin),h+r<l)throw s("objects overlap")
const i=new a(n,h+r)
u.push(i.value()),l=i.at}return u}async stream(e,t){return this.streamAt(this.start(e),t)}async streamAt(e,r){const{value:i,stream:o}=this.objectAt(e)
if(!(i instanceof Map)||null===o)throw s("no stream")
const c=i.get("/Length"),d=null!==c&&"object"==typeof c&&"number"in c?this.objectAt(this.start(c.number)).value:c
if("number"!=typeof d||!Number.isInteger(d)||d<0)throw s("no length")
if(!new a(this.whole,o+d).word("endstream"))throw s("another length")
const u=this.data.subarray(o,o+d),l=[i.get("/Filter")??[]].flat()
if(0===l.length){if(u.length>r)throw new t("too long")
return u}if(l.length>1||"/FlateDecode"!==l[0])throw h()
return function(e,t){if(null===t)return e
if(!(t instanceof Map))throw h()
if(1===(t.get("/Predictor")??1))return e
const n=t.get("/Columns")??1,a=1===(t.get("/Colors")??1)&&8===(t.get("/BitsPerComponent")??8)
if(Number(t.get("/Predictor"))<10||"number"!=typeof n||n<1||!a)throw h()
const r=Math.floor(e.length/(n+1)),i=new Uint8Array(r*n)
for(let t=0;t<r;t++){const a=e[t*(n+1)]
if(a>2)throw h()
for(let r=0;r<n;r++){const s=t*n+r,o=2===a?i[s-n]??0:1===a&&r>0?i[s-1]:0
i[s]=e[t*(n+1)+1+r]+o}}return i}(await n(u,"deflate",r),[i.get("/DecodeParms")??null].flat()[0])}async inTables(){const e=/startxref[\0\s]+(\d{1,10})[\0\s]+%%EOF[\0\s]*$/.exec(this.whole.slice(-1024))
if(null===e)throw s("it has no end")
const n=new Map,a=new Set,i=[Number(e[1])]
for(let e=i.shift();void 0!==e;e=i.shift()){if("number"!=typeof e||a.has(e)||64===a.size)throw s("no chain of tables")
a.add(e)
const{fields:h,entries:c}=this.whole.startsWith("xref",e)?this.table(e):await this.tableStream(e)
for(const[e,t]of c)n.has(e)||n.set(e,t)
if(h.has("/Encrypt"))throw new t("the PDF is encrypted")
const d=h.get("/Size")
if("number"!=typeof d||d>r)throw o()
for(const e of["/XRefStm","/Prev"])h.has(e)&&i.push(h.get(e))}for(const[e,t]of n)if(null!==t&&this.at.get(e)?.begin!==t)throw s("its tables lead elsewhere")
return new Set([...n].flatMap(([e,t])=>null===t?[]:[e]))}table(e){const t=new a(this.whole,e+4),n=[]
for(;!t.word("trailer");){const e=t.take(/(\d{1,10}) (\d{1,10})[\r\n ]+/y)
if(null===e||n.length+Number(e[2])>r)throw o()
for(let a=0;a<Number(e[2]);a++){const r=t.take(/(\d{10}) \d{5} ([nf])[\r\n ]{1,2}/y)
if(null===r)throw o()
n.push([Number(e[1])+a,"n"===r[2]?Number(r[1]):null])}}const i=t.value()
if(!(i instanceof Map))throw o()
return{fields:i,entries:n}}async tableStream(e){const t=this.begins.get(e)?.start,n=void 0===t?null:this.objectAt(t).value
if(void 0===t||!(n instanceof Map)||"/XRef"!==n.get("/Type"))throw s("no table")
const a=await this.streamAt(t,i),h=d(n.get("/W")),c=d(n.get("/Index")??[0,n.get("/Size")??null]),u=h.reduce((e,t)=>e+t,0)
if(3!==h.length||0===u||c.length%2!=0)throw o()
const l=[]
let f=0
const m=e=>a.subarray(f,f+=e).reduce((e,t)=>256*e+t,0)
for(let e=0;e<c.length;e+=2)for(let t=c[e];t<c[e]+c[e+1];t++){if(f+u>a.length||l.length===r)throw o()
const e=0===h[0]?1:m(h[0]),n=m(h[1])
m(h[2]),l.push([t,1===e?n:null])}return{fields:n,entries:l}}}}})(),v=(()=>{const{equal:n}=t,{Malformed:a}=e,{isClaimed:r}=w,{Objects:i,textOf:s}=k,{Reference:o}=b,h=1024,c=e=>s(e.subarray(0,1024)).indexOf("%PDF-")
async function d(e,t){const n=t?await e.inTables():null,r=new Map
for(const{value:t,holder:i}of await e.values())for(const e of u(t)){const t=e.get("/EF")
if(!(t instanceof Map))throw new a("an attachment without its file")
for(const s of t.values()){if(!(s instanceof o))throw new a("an attachment without its file")
if(!(null===n||n.has(i)&&n.has(s.number)))throw new a("an attachment that is in no table")
r.set(s.number,e.get("/UF")??e.get("/F"))}}if(0===r.size)throw new a("no attachments: not a certificate of this ledger")
if(2!==r.size)throw new a(`${r.size} attachments, not two`)
const i=[]
for(const[t,n]of[...r].sort(([e],[t])=>e-t))i.push({data:await e.stream(t,1048576),name:n})
return i}function u(e){return Array.isArray(e)?e.flatMap(u):e instanceof Map?[...e.has("/EF")?[e]:[],...[...e.values()].flatMap(u)]:[]}return{isPdf:e=>c(e)>=0,readPdf:async function(e){if(e.length>4194304)throw new a("a PDF of more than 4 MiB")
const t=e.subarray(c(e)),o=s(t)
if(/\/Encrypt\b/.test(o))throw new a("the PDF is encrypted")
const u=function(e){const t=[]
for(const n of e.matchAll(/%%EOF/g))if(t.push(n.index+n[0].length),t.length>16)throw new a("too many revisions")
const n=t.length>1&&/\/Linearized\b/.test(e.slice(0,h))
return n?t.slice(1):t}(o),l=await d(new i(t,o,u),!0)
for(const e of u.slice(0,-1)){const r=await d(new i(t.subarray(0,e),o.slice(0,e),u),!1).catch(e=>{if(e instanceof a)return[]
throw e}),s=r.length===l.length&&l.every(({data:e,name:t},a)=>n(r[a].data,e)&&r[a].name===t)
if(!s)throw new a("the attachments differ between the revisions of the file")}const[f,m]=[l.filter(e=>r(e.data)),l.filter(e=>!r(e.data))]
if(1!==f.length)throw new a(0===f.length?"no receipt among the attachments":"two receipts")
return{receipt:f[0].data,document:m[0].data}}}})(),x=(()=>{const{startsWith:n,utf8:a}=t,{RECEIPT_MAGIC:r}=l,{Malformed:s}=e,{isClaimed:o}=w,{isZip:h,readZip:c}=y,{readCode:d}=i,{isPdf:u,readPdf:f}=v
const m=e=>o(e)||null!==p(e),g=e=>p(e)??e
function p(e){if(e.length>8192||n(e,r))return null
try{const t=d(new TextDecoder("latin1").decode(e))
return null!==t&&"receipt"in t&&o(t.receipt)?t.receipt:null}catch(e){if(!(e instanceof s))throw e
return null}}return{pairsOf:async function(e){const t=[]
for(const n of e)t.push(...h(n.data)?await c(n.data):[n])
const n=t.filter(({data:e})=>m(e)),a=t.filter(({data:e})=>!m(e))
if(0===n.length){const e=[]
for(const{name:t,data:n}of a.filter(e=>u(e.data)))e.push({name:t,...await f(n)})
if(0===e.length)throw new s("no receipt among the files")
return e}if(1===n.length&&a.length<=1){const[e]=n
return[{name:a[0]?.name??e.name,document:a[0]?.data??null,receipt:g(e.data)}]}return n.map(({name:e,data:t})=>{const n=a.find(t=>e.startsWith(`${t.name}.receipt`))
return{name:n?.name??e,document:n?.data??null,receipt:g(t)}})},readText:function(e){if(e.length>16777216)throw new s("the text is too long")
const t=d(e)
if(null!==t&&"key"in t)return t
const n=t?.receipt??a(e)
if(!o(n))throw new s("neither a link, nor digits of a receipt, nor a receipt")
return{pair:{name:"",document:null,receipt:n}}}}})(),S=(()=>{const e=/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu
return{visible:t=>t.replace(e,e=>`\\u{${e.codePointAt(0).toString(16)}}`)}})(),A=(()=>{const{visible:e}=S,t={en:{title:"Check a certificate",lead:"Open the certificate that you were shown. It is checked on this device; nothing is sent anywhere.",skip:"Skip to the result",choose:"Choose a file",drop:"or drop it here: PDF, credential and receipt, ZIP",paste:"Paste a link, the digits of a code, or a receipt",check:"Check",camera:"Scan with the camera","camera-stop":"Stop the camera","camera-none":"This browser reads no codes. Scan the code with your phone's camera app, or choose the file.","camera-denied":"The camera cannot be used. Scan the code with your phone's camera app, or choose the file.",another:"Check another",working:"Checking…",language:"Bahasa Indonesia","no-crypto":"This browser cannot check signatures. Use a current Chrome, Firefox, Safari or Edge, and open the page over https.",trust:"Trusted for checking","trust-none":"This page knows no consortium yet. Choose the genesis or trust file that you got from somebody you trust.","trust-choose":"Use another genesis or trust file","trust-genesis":"{name}, from its genesis only","trust-file":"{name}, up to {time} ({age})",fingerprint:"Fingerprint, to compare with the one that the consortium publishes","page-hash":"Every copy of this page has the same files; page.sha256 beside it has their hashes, to compare with those that the consortium publishes.","verdict-active":"Valid: this certificate is active.","verdict-confirmed":"Valid: active, and the issuer has confirmed it.","verdict-suspended":"Suspended: not to be relied on for now.","verdict-disputed":"Disputed: it was entered while somebody else may have had the issuer's key. Ask the issuer.","verdict-revoked":"Revoked: the issuer has withdrawn it for ever.","verdict-expired":"Expired: its own end date is over.","verdict-not-yet":"Not yet valid: its own start date lies ahead.","verdict-dates":"Not proven: a date of its own cannot be read.","verdict-tampered":"Tampered: the certificate or its proof was changed.","verdict-not-proven":"Not proven: something is missing, or contradicts what is known.","verdict-needs-history-path":"Not proven: the receipt is too old for its signatures. Ask the holder for a renewed receipt.","verdict-foreign-chain":"From another consortium: this page cannot say anything about it.","verdict-renew":"Could not be checked: this page's trust file must be renewed. Load the page again.","verdict-needs-trust-file":"Could not be checked: a trust file of the consortium is needed.","verdict-needs-newer-verifier":"Could not be checked: a newer version of this page is needed.","verdict-unread":"Could not be checked: {why}","why-document-needed":"The receipt alone proves nothing. Choose it together with the certificate's file.","why-box-missing":"Nothing lies behind this link. It may have been deleted; that says nothing about the certificate.","why-offline":"There is no connection to the issuer's site. Choose the file, or scan the larger code.","why-unreachable":"no connection","why-code-site":"A link can only be opened on the issuer's own site. Open the link itself in this browser.","as-of":"As of {time} ({age})","asked-now":"asked just now at {source}","not-asked":"not asked since",unanswered:"the status now could not be had: {why}","not-seen":"Only what is shown here is proved. Anything else printed on the paper was not seen.",who:"Holder",what:"Certificate",when:"Awarded on",by:"Issued by",credits:"Credits",number:"Number",level:"Level",from:"Valid from",until:"Valid until",programme:"Programme",file:"File",entered:"In the ledger since, at the latest","no-facts":"Proved is the file itself: what it says is in the file.","standing-frozen":"its keys are frozen","standing-suspended":"suspended by the consortium","standing-retired":"has left the consortium",agrees:"The file names this university as its issuer.","checks-title":"Every check",ok:"holds",failed:"does not hold","open-title":"What this does not prove","details-title":"Details and evidence",download:"Download the evidence","detail-block":"Block","detail-index":"Log index","detail-commitment":"Commitment","detail-signed":"Signed by","detail-of":"{signed} of {validators}: {names}","detail-reason":"Reason","detail-dates":"Dates that cannot be read","detail-rests":"Rests on","rests-genesis":"genesis only","rests-file":"the trust file of block {height}","proves-encoding":"The receipt can be read to its end.","proves-header":"The block's header is well formed.","proves-chain":"It belongs to this consortium.","proves-anchor":"What is trusted reaches the block, and is recent enough.","proves-validators":"The validators are those of that time.","proves-certificate":"More than two thirds of them signed the block.","proves-history":"The block is in the history that is trusted.","proves-inclusion":"The issuer entered it in the ledger.","proves-issuer":"The issuer's name and standing are those of the register.","proves-status":"Its status is the one of the block.","proves-state":"Statuses and register are those of the block.","proves-document":"The file is the one that was issued.","proves-summary":"The summary is the one that was issued, and contradicts nothing.","proves-issuer-id":"The issuer that the file names is this university.","proves-online":"The status comes from the newest block of the export.","open-document-not-seen":"anything of the certificate beyond what is shown here","open-holder-not-checked":"that the person who shows it is its holder","open-summary-without-rule":"that the file says what the summary says: no rule compares them","open-issuer-not-named":"that the file speaks of this university: it names no issuer that can be compared","open-status-after":"the status after the time given above","open-truth":"that what it says is true, or who is showing it",explorer:"The ledger","explorer-lead":"Blocks and members as of the last block. Every number is checked in this browser, or marked.","explorer-none":"This page has no export to ask, or no consortium.","explorer-error":"Could not be checked: {why}","explorer-head":"Block {height} of {time} ({age}), signed by {signed} of {validators} validators; {entries} entries in the log.",members:"Members","member-name":"Name","member-standing":"Standing","member-entries":"Entries about it","standing-since":"{standing} since block {height}","member-role":"Role: {role}","role-observer":"observer","role-issuer":"issuer","role-validator":"validator","member-keys":"Keys, now and before","member-key":"Key","member-range":"Log indices","member-ids":"Names as an issuer","member-disputed":"Disputed: {range}",range:"from {from}, before {until}","range-open":"from {from}","key-governance":"governance","key-issuing":"issuing","key-consensus":"consensus","key-network":"network","counts-do":"Count what it issued, from its {entries} entries","counts-unavailable":"What it issued can be counted at a node.",counts:"Issued {issued}, counted from every entry as of block {height}: {active} active, {confirmed} confirmed, {suspended} suspended, {disputed} disputed, {revoked} revoked.","standing-active":"active",blocks:"Last blocks","block-time":"Time","block-log":"Entries","block-hash":"Hash","age-now":"just now","age-ahead":"ahead of this device's clock: check the clock","age-past":"{amount} ago",days:"{n} days",day:"1 day",hours:"{n} hours",hour:"1 hour",minutes:"{n} minutes",minute:"1 minute"},id:{title:"Periksa sertifikat",lead:"Buka sertifikat yang ditunjukkan kepada Anda. Pemeriksaan berlangsung di perangkat ini; tidak ada yang dikirim ke mana pun.",skip:"Langsung ke hasil",choose:"Pilih berkas",drop:"atau letakkan di sini: PDF, kredensial beserta tanda terimanya, ZIP",paste:"Tempelkan tautan, angka sebuah kode, atau tanda terima",check:"Periksa",camera:"Pindai dengan kamera","camera-stop":"Hentikan kamera","camera-none":"Peramban ini tidak membaca kode. Pindai kodenya dengan aplikasi kamera ponsel, atau pilih berkasnya.","camera-denied":"Kamera tidak dapat digunakan. Pindai kodenya dengan aplikasi kamera ponsel, atau pilih berkasnya.",another:"Periksa yang lain",working:"Memeriksa…",language:"English","no-crypto":"Peramban ini tidak dapat memeriksa tanda tangan. Gunakan Chrome, Firefox, Safari atau Edge terkini, dan buka halaman ini melalui https.",trust:"Dasar kepercayaan","trust-none":"Halaman ini belum mengenal satu konsorsium pun. Pilih genesis atau berkas kepercayaan dari pihak yang Anda percayai.","trust-choose":"Gunakan genesis atau berkas kepercayaan lain","trust-genesis":"{name}, dari genesis saja","trust-file":"{name}, sampai {time} ({age})",fingerprint:"Sidik, untuk dibandingkan dengan yang diumumkan konsorsium","page-hash":"Semua salinan halaman ini memiliki berkas yang sama; page.sha256 di sampingnya memuat hash-nya, untuk dibandingkan dengan yang diumumkan konsorsium.","verdict-active":"Sah: sertifikat ini aktif.","verdict-confirmed":"Sah: aktif, dan dikukuhkan penerbitnya.","verdict-suspended":"Ditangguhkan: untuk sementara tidak dapat diandalkan.","verdict-disputed":"Dipersengketakan: dimasukkan ketika pihak lain mungkin memegang kunci penerbit. Tanyakan kepada penerbit.","verdict-revoked":"Dicabut: penerbit telah menariknya untuk selamanya.","verdict-expired":"Tidak berlaku lagi: tanggal akhirnya sudah lewat.","verdict-not-yet":"Belum berlaku: tanggal mulainya belum tiba.","verdict-dates":"Tidak terbukti: ada tanggalnya yang tidak dapat dibaca.","verdict-tampered":"Telah diubah: sertifikat atau buktinya tidak lagi asli.","verdict-not-proven":"Tidak terbukti: ada yang kurang, atau bertentangan dengan yang diketahui.","verdict-needs-history-path":"Tidak terbukti: tanda terimanya terlalu lama. Mintalah tanda terima yang diperbarui kepada pemegangnya.","verdict-foreign-chain":"Dari konsorsium lain: halaman ini tidak dapat menilai sertifikat itu.","verdict-renew":"Tidak dapat diperiksa: berkas kepercayaan halaman ini perlu diperbarui. Muat ulang halaman.","verdict-needs-trust-file":"Tidak dapat diperiksa: diperlukan berkas kepercayaan konsorsium.","verdict-needs-newer-verifier":"Tidak dapat diperiksa: diperlukan versi halaman yang lebih baru.","verdict-unread":"Tidak dapat diperiksa: {why}","why-document-needed":"Tanda terima saja tidak membuktikan apa pun. Pilihlah bersama berkas sertifikatnya.","why-box-missing":"Tidak ada apa pun di balik tautan ini. Mungkin sudah dihapus; itu tidak berarti sertifikatnya tidak sah.","why-offline":"Tidak ada sambungan ke situs penerbit. Pilih berkasnya, atau pindai kode yang lebih besar.","why-unreachable":"tidak ada sambungan","why-code-site":"Tautan hanya dapat dibuka di situs penerbitnya. Bukalah tautan itu sendiri di peramban ini.","as-of":"Per {time} ({age})","asked-now":"baru saja ditanyakan ke {source}","not-asked":"tidak ditanyakan lagi sejak itu",unanswered:"status saat ini tidak dapat diperoleh: {why}","not-seen":"Yang terbukti hanyalah yang tertulis di sini. Tulisan lain pada kertas tidak dilihat.",who:"Pemegang",what:"Sertifikat",when:"Diberikan pada",by:"Diterbitkan oleh",credits:"Kredit",number:"Nomor",level:"Jenjang",from:"Berlaku sejak",until:"Berlaku sampai",programme:"Program",file:"Berkas",entered:"Ada di buku besar selambat-lambatnya","no-facts":"Yang terbukti adalah berkasnya: isinya ada di dalam berkas itu.","standing-frozen":"kuncinya dibekukan","standing-suspended":"ditangguhkan konsorsium","standing-retired":"telah keluar dari konsorsium",agrees:"Berkas itu menyebut universitas ini sebagai penerbitnya.","checks-title":"Semua pemeriksaan",ok:"benar",failed:"tidak benar","open-title":"Yang tidak dibuktikan","details-title":"Rincian dan bukti",download:"Unduh bukti","detail-block":"Blok","detail-index":"Nomor entri","detail-commitment":"Komitmen","detail-signed":"Ditandatangani","detail-of":"{signed} dari {validators}: {names}","detail-reason":"Sebab","detail-dates":"Tanggal yang tidak terbaca","detail-rests":"Bersandar pada","rests-genesis":"genesis saja","rests-file":"berkas kepercayaan dari blok {height}","proves-encoding":"Tanda terima terbaca sampai akhir.","proves-header":"Kepala blok berbentuk benar.","proves-chain":"Berasal dari konsorsium ini.","proves-anchor":"Yang dipercaya menjangkau blok itu, dan cukup baru.","proves-validators":"Para validatornya adalah validator pada saat itu.","proves-certificate":"Lebih dari dua pertiga validator menandatangani blok itu.","proves-history":"Blok itu ada dalam riwayat yang dipercaya.","proves-inclusion":"Penerbit memasukkannya ke dalam buku besar.","proves-issuer":"Nama dan kedudukan penerbit sesuai daftar anggota.","proves-status":"Statusnya adalah status per blok itu.","proves-state":"Status dan daftar anggota adalah milik blok itu.","proves-document":"Berkas inilah yang diterbitkan.","proves-summary":"Ringkasan inilah yang diterbitkan, dan tidak bertentangan dengan apa pun.","proves-issuer-id":"Penerbit yang disebut berkas adalah universitas ini.","proves-online":"Statusnya berasal dari blok terbaru ekspor.","open-document-not-seen":"isi sertifikat selain yang tertulis di sini","open-holder-not-checked":"bahwa yang menunjukkannya adalah pemegangnya","open-summary-without-rule":"bahwa berkas menyatakan isi ringkasan: tidak ada aturan untuk membandingkannya","open-issuer-not-named":"bahwa berkas berbicara tentang universitas ini: tidak ada nama penerbit yang dapat dibandingkan","open-status-after":"status setelah waktu yang tertulis di atas","open-truth":"bahwa isinya benar, atau siapa yang menunjukkannya",explorer:"Buku besar","explorer-lead":"Blok dan anggota per blok terakhir. Setiap angka diperiksa di peramban ini, atau ditandai.","explorer-none":"Halaman ini tidak memiliki ekspor untuk ditanyai, atau konsorsium.","explorer-error":"Tidak dapat diperiksa: {why}","explorer-head":"Blok {height} dari {time} ({age}), ditandatangani {signed} dari {validators} validator; {entries} entri dalam log.",members:"Anggota","member-name":"Nama","member-standing":"Kedudukan","member-entries":"Entri tentangnya","standing-since":"{standing} sejak blok {height}","member-role":"Peran: {role}","role-observer":"pengamat","role-issuer":"penerbit","role-validator":"validator","member-keys":"Kunci, kini dan dulu","member-key":"Kunci","member-range":"Indeks log","member-ids":"Nama sebagai penerbit","member-disputed":"Dipersengketakan: {range}",range:"dari {from}, sebelum {until}","range-open":"dari {from}","key-governance":"tata kelola","key-issuing":"penerbitan","key-consensus":"konsensus","key-network":"jaringan","counts-do":"Hitung yang diterbitkannya, dari {entries} entri","counts-unavailable":"Yang diterbitkannya dapat dihitung di sebuah node.",counts:"Diterbitkan {issued}, dihitung dari semua entri per blok {height}: {active} aktif, {confirmed} dikonfirmasi, {suspended} ditangguhkan, {disputed} dipersengketakan, {revoked} dicabut.","standing-active":"aktif",blocks:"Blok terakhir","block-time":"Waktu","block-log":"Entri","block-hash":"Hash","age-now":"baru saja","age-ahead":"di depan jam perangkat ini: periksa jamnya","age-past":"{amount} lalu",days:"{n} hari",day:"1 hari",hours:"{n} jam",hour:"1 jam",minutes:"{n} menit",minute:"1 menit"}}
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
t.srcObject=null}}}})(),_=(()=>{const{Malformed:t}=e,{readMember:n}=d,a=4096
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
r(e,"text8","u64"),e.option(()=>e.u8())}}}})(),E=(()=>{const{derive:r}=n,{concat:i,equal:s,list32:o,option:h,tagged:d,text8:u,u32:l,u64:f,u8:m}=t,{Malformed:g}=e,{bytes:w,fields:p,integer:y,items:b,key:k,optional:v,text:x,word:S}=c,{ROLES:A}=a,M=["governance","issuing","consensus","network"],_=4096,E=2**32-1
return{PURPOSES:M,checkRest:function(e,t){if(!s(r("sanad/v1 member rest",function(e){const t=({nextSequence:e,lastBatch:t})=>i(f(e),t)
return i(m(e.role),m(e.governanceThreshold),o(e.keys,e=>i(m(e.purpose),r("sanad/v1 key",d(e.key)),f(e.from),h(e.until,f))),t(e.issuing),t(e.governance),f(e.events.count),e.events.head,l(e.revoked.day),l(e.revoked.count),o(e.addresses,u),o(e.facts,({name:e,value:t})=>i(u(e),u(t))))}(e)),t.rest))throw new g("a rest of another record")
return e},readRest:function(e){const t=()=>({nextSequence:e.u64(),lastBatch:e.hash()})
return{role:e.u8(),governanceThreshold:e.u8(),keys:e.list32(1024,()=>({purpose:e.u8(),key:e.tagged(32),from:e.u64(),until:e.option(()=>e.u64())})),issuing:t(),governance:t(),events:{count:e.u64(),head:e.hash()},revoked:{day:e.u32(),count:e.u32()},addresses:e.list32(_,()=>e.text8()),facts:e.list32(_,()=>({name:e.text8(),value:e.text8()}))}},restOf:function(e){const t=p(e,["role","governance_threshold","keys","issuing","governance","events","revoked","addresses","facts"]),n=e=>{const{next_sequence:t,last_batch:n}=p(e,["next_sequence","last_batch"])
return{nextSequence:y(t),lastBatch:w(n)}},[a,r]=[p(t.events,["count","head"]),p(t.revoked,["day","count"])]
return{role:S(t.role,A),governanceThreshold:y(t.governance_threshold,255),keys:b(t.keys,1024,e=>{const t=p(e,["purpose","key","from"],["until"])
return{purpose:S(t.purpose,M),key:k(t.key),from:y(t.from),until:v(t.until,e=>y(e))}}),issuing:n(t.issuing),governance:n(t.governance),events:{count:y(a.count),head:w(a.head)},revoked:{day:y(r.day,E),count:y(r.count,E)},addresses:b(t.addresses,_,x),facts:b(t.facts,_,e=>{const t=p(e,["name","value"])
return{name:x(t.name),value:x(t.value)}})}}}})(),T=(()=>{const{derive:r}=n,{Reader:i,concat:h,equal:l,hex:f,list32:m,option:g,tagged:w,u64:p,u8:y}=t,{readParameters:b}=d,{Malformed:k}=e,{fields:v}=c,{skipGovernanceItem:x}=_,{parseForm:S}=s,{MEMBERS_MAX:A,TRUST_BYTES_MAX:M,checkMemberId:T,encodeParameters:I,encodeRecord:R}=a,{GOVERNANCE:$,LOG:O,MEMBERS:P,PARTS:U,STATUS:N,STATUSES_PER_LEAF:B,STATUS_LEAF_BYTES:C,pathOver:D,rootOver:L}=o,{checkRest:j,readRest:H}=E,{readTrust:F}=u,X=64<<20,z=256,K=256
async function G(e,t,n){const a=await e(t,n)
if(null===a)throw new k(`the export has no ${t}`)
return a}async function Y(e){const t=await G(e,"head",1024),n=t.indexOf(10),a=v(S(t.subarray(0,n<0?void 0:n),1024),["format","chain_id","height","block","log_size","manifest"])
if("sanad-export/v2"!==a.format||"number"!=typeof a.height)throw new k("not the head of an export")
return a.height}async function W(e){const t=new i(e),n=t.list32(A,()=>{const e=function(e){const t=T(e.text8())
return{id:t,name:e.text8(),standing:e.u8(),since:e.u64(),issuerIds:e.list32(A,()=>({id:e.text8(),from:e.u64(),until:e.option(()=>e.u64())})),disputed:e.list32(A,()=>({from:e.u64(),until:e.u64()})),rest:e.hash()}}(t)
return{record:e,rest:j(H(t),e)}}),a=b(t)
t.list32(64,()=>t.u32())
const r=t.list32(1048576,()=>t.hash())
let s=[]
return t.at<e.length&&(s=t.list32(1048576,()=>{const n=t.at
return x(t),e.slice(n,t.at)}),t.list32(A,()=>[t.text8(),t.u64()])),t.finish(),{members:n,records:n.map(({record:e})=>e),pageRoots:r,othersRoot:await V(s,a)}}async function V(e,t){const n=new Uint8Array(32),a=[0===e.length?n:await L($,await Promise.all(e.map($.leaf))),r("sanad/v1 parameters",I(t))],i=[e.length,1],s=Array.from({length:8},(e,t)=>h(y(t),p(i[t]??0),a[t]??n))
return L(U,await Promise.all(s.map(U.leaf)))}async function J(e,t,n,a){const r=Math.ceil(n/B),i=Math.floor(t/B),s=Math.floor(i/K),o=a[s]
if(void 0===o)throw new k("the export has no page of this status")
const h=Math.min(K,r-s*K),c=await e(`status/${f(o)}`,K*C)??new Uint8Array(h*C)
if(c.length!==h*C)throw new k("a page of statuses of another length")
const d=Array.from({length:h},(e,t)=>c.slice(t*C,(t+1)*C)),u=await Promise.all(d.map(N.leaf)),l=[...await D(N,u,i%K),...await D(N,a,s)]
return{statusLeaf:d[i%K],statusPath:l}}async function Z(e,t,n){const a=new q(e,n),r=[]
for(let e=0;Math.floor((n-1)/2**e)>0;e++){const i=Math.floor(t/2**e),s=i%2==0?i+1:i-1
s*2**e<n&&r.push(a.node(e,s))}return Promise.all(r)}class q{constructor(e,t){this.source=e,this.size=t,this.tiles=new Map}async node(e,t){if((t+1)*2**e<=this.size)return this.complete(e,t)
const n=await this.node(e-1,2*t)
return(2*t+1)*2**(e-1)>=this.size?n:O.node(n,await this.node(e-1,2*t+1))}async complete(e,t){const n=2**(e%8),a=t*n,r=await this.tile(Math.floor(e/8),Math.floor(a/z)),i=Array.from({length:n},(e,t)=>r.slice(32*(a%z+t)).slice(0,32))
return L(O,i)}tile(e,t){const n=this.tiles.get(`${e}/${t}`)??this.fetch(e,t)
return this.tiles.set(`${e}/${t}`,n),n}async fetch(e,t){const n=`tile/${e}/${Q(t)}`,a=Math.floor(this.size/z**e)-t*z,r=(a<z?await this.source(`${n}.p/${a}`,8192):null)??await G(this.source,n,8192)
if(r.length<32*Math.min(a,z))throw new k("a tile that is too short")
return r}}function Q(e){const t=String(e).padStart(3,"0")
return t.padStart(3*Math.ceil(t.length/3),"0").match(/\d{3}/g).map((e,t,n)=>t<n.length-1?`x${e}`:e).join("/")}async function ee(e,t){const n=e.getReader(),a=[]
let r=0
for(;;){const{done:e,value:i}=await n.read()
if(e)return h(...a)
if(r+=i.length,r>t)throw await n.cancel(),new k("an answer that is too long")
a.push(i)}}return{STATE_BYTES_MAX:X,TILE_HASHES:z,readLatest:async function(e){const t=await Y(e),[n,a]=await Promise.all([G(e,`trust/${t}.trust`,M),G(e,`state/${t}`,X)])
return{height:t,file:F(n),state:await W(a)}},newerProof:async function(e,{height:t,file:n,state:a},r,i){const{header:s,certificate:o}=n
if(r.index>=s.logSize)throw new k("the export is behind the receipt")
const[h,c]=await Promise.all([Z(e,r.index,s.logSize),J(e,r.index,s.logSize,a.pageRoots)]),d=a.records.findIndex(e=>e.id===r.entry.issuer)
if(d<0)throw new k("the issuer is not in the export")
const u=await Promise.all(a.records.map(e=>P.leaf(R(e))))
return{entry:r.entry,index:r.index,logPath:h,...c,issuer:{record:a.records[d],index:d,count:u.length,path:await D(P,u,d)},othersRoot:a.othersRoot,header:s,finality:{by:"certificate",certificate:o,changes:n.changes.map(({change:e})=>e).filter(({header:e})=>e.height>i&&e.height<t)}}},needed:G,headHeight:Y,readState:W,bundleName:Q,overHttp:e=>async(t,n)=>{const a=await fetch(new URL(t,e),{credentials:"omit",redirect:"error",cache:"head"===t?"no-store":"default"})
if(404===a.status||410===a.status)return null
if(!a.ok||null===a.body)throw new k(`the export answers with ${a.status}`)
return ee(a.body,n)},readLimited:ee}})(),I=(()=>{const{equal:n,hex:r}=t,{readLimited:i}=T,{Malformed:o}=e,{proofOf:h}=c,{parseForm:d}=s,{RECEIPT_BYTES_MAX:u}=a
async function l(e,t,n){const a=await fetch(new URL(t,e),{credentials:"omit",redirect:"error"})
if(!a.ok||null===a.body)throw new o(`the node answers with ${a.status}`)
return i(a.body,n)}function f(e,t){return"sealed"===e.by?e:{...e,changes:e.changes.filter(({header:e})=>e.height>t)}}return{read:l,newerFromNode:async function(e,t,a){const i=t.entry.event.commitment,s=`v1/credentials/${encodeURIComponent(t.entry.issuer)}/${r(i)}`,c=h(d(await l(e,s,u),u))
if(!(c.index===t.index&&c.entry.issuer===t.entry.issuer)||!n(c.entry.event.commitment,i))throw new o("the node answers about another credential")
return{...c,finality:f(c.finality,a)}},above:f}})(),R=(()=>{const{newerProof:n,overHttp:a,readLatest:r,readLimited:s}=T,{startsWith:o,unbase64url:d}=t,{DocumentNeeded:l,Fault:f,Malformed:m}=e,{readGenesis:g}=c,{GENESIS_BYTES_MAX:p}=h,{newerFromNode:y}=I,{boxAddress:b,openBox:k}=i,{TRUST_MAGIC:v,readTrust:x,trustFile:S,trustGenesis:A}=u,{renewFinding:M,verifyReceipt:_}=w
class E extends Error{}async function R(e,t){if(e.length>p)throw new m("too long")
return o(e,v)||$(e)?S(x(e),t):A(g(e),t)}const $=e=>new TextDecoder("latin1").decode(e).includes('"sanad-trust/v1"')
return{Unread:E,trustFrom:R,embeddedTrust:async(e,t)=>""===e?null:R(d(e),t),askExport:function(e){const t=a(e),i=r(t)
return i.catch(()=>{}),{name:new URL(e).host,newer:async(e,a)=>n(t,await i,e,a)}},askNode:e=>({name:new URL(e).host,newer:(t,n)=>y(e,t,n)}),fetchBox:async function(e,t){if(!t.startsWith("http"))throw new E("why-code-site")
let n
try{n=await fetch(b(e,t),{credentials:"omit",redirect:"error",cache:"no-store"})}catch{throw new E("why-offline")}if(!n.ok||null===n.body)throw new E("why-box-missing")
return k(e,await s(n.body,2098209))},check:async function(e,t,n){let a
try{a=await _({...e,nowMs:Date.now()},t.receipt,t.document)}catch(e){if(e instanceof l)throw new E("why-document-needed")
throw e}const r={pair:t,finding:a,asked:null}
return null===n?r:async function(e,t,n){const a=t.finding.proof,r=t.finding.checks.some(({part:e,holds:t})=>t&&("document"===e||"summary"===e))
if(null===a||!r)return t
try{const r=await(i=15e3,s=n.newer(a,e.header?.height??0),Promise.race([s,new Promise((e,t)=>setTimeout(()=>t(new m("no answer in time")),i))]))
return await M(t.finding,{...e,nowMs:Date.now()},a,r),{...t,asked:{source:n.name}}}catch(e){return{...t,asked:{why:e instanceof m||e instanceof f?e.message:"why-unreachable"}}}var i,s}(e,r,n)}}})(),$=(()=>{const{readLimited:t}=T,{Malformed:n}=e,{fields:a}=c,{parseForm:r}=s,i=32<<20
return{readConfig:async function(){const e=document.getElementById("config")?.textContent
return function(e){const t=a(r(e,i),["export","node","trust"]),s=[t.export,t.node,t.trust]
if(s.some(e=>"string"!=typeof e))throw new n("config.json has another form")
const[o,h,c]=s.map(String)
return{export:o,node:h,trust:c}}(e?(new TextEncoder).encode(e):await async function(){const e=await fetch("config.json",{redirect:"error"})
if(!e.ok||null===e.body)throw new n(`config.json is not there: ${e.status}`)
return t(e.body,i)}())}}})(),O=(()=>{const{base64url:e}=t,{CLOCK_TOLERANCE_MS:n}=g,{visible:a}=S,{WORDS_OF:r}=A,i=["active","confirmed"],s=["suspended","disputed","revoked","expired","not-yet","tampered"],o={good:"✓",bad:"✕",wait:"?"},h=[["holder","who"],["title","what"],["awarded_on","when"],["credits","credits"],["programme","programme"],["level","level"],["number","number"],["valid_until","until"]]
function c(e,t="",n="",r=[]){const i=document.createElement(e)
return""!==n&&(i.className=n),""!==t&&i.append(a(t)),i.append(...r),i}function d(e,t){const a=e.verdict??"not-proven"
return i.includes(a)?(t=Math.max(t,e.asOf?.timeMs??0),e.unreadable.length>0?"dates":null!==e.expiry&&e.expiry<=t?"expired":null!==e.start&&e.start-t>n?"not-yet":a):a}const u=e=>i.includes(e)?"good":s.includes(e)?"bad":"wait"
function l(e,t){const n=c("div","","icon",[c("span",o[t])])
return n.setAttribute("aria-hidden","true"),c("div","",`verdict ${t}`,[n,c("h2",e)])}function f({say:e,time:t,age:n},{finding:a,asked:i},s){if(null===a.asOf)return[]
return[c("p",`${e("as-of",{time:t(a.asOf.timeMs),age:n(a.asOf.timeMs,s)})}; ${null===i?e("not-asked"):"source"in i?e("asked-now",i):e("unanswered",{why:i.why in r.en?e(i.why):i.why})}.`,"asof")]}function m({say:e,time:t,day:n},{finding:a,pair:r}){const{issuer:i}=a
if(null===i||!a.checks.some(({part:e,holds:t})=>t&&("document"===e||"summary"===e)))return[]
const s=[],o={...a.stated,...a.summary}
for(const[t,a]of h){const r=o[t]
void 0!==r&&s.push([e(a),"awarded_on"===t||"valid_until"===t?n(r):r])}const d="active"===i.standing?"":`; ${e(`standing-${i.standing}`)}`
s.push([e("by"),`${i.name} (${i.id})${d}`]),null!==r.document&&""!==r.name&&s.push([e("file"),r.name])
const{start:u}=a
null!==u&&Math.abs(u)<=864e13&&s.push([e("from"),t(u)]),null!==a.existedBy&&s.push([e("entered"),t(a.existedBy)])
const l=c("dl","","",s.flatMap(([e,t])=>[c("dt",e),c("dd",t)])),f=[]
return a.notProved.includes("document-not-seen")?f.push(c("p",e("not-seen"))):0===Object.keys(o).length&&f.push(c("p",e("no-facts"))),a.checks.some(({part:e,holds:t})=>t&&"issuer-id"===e)&&f.push(c("p",e("agrees"))),[l,...f]}function w({say:e},{checks:t}){const n=t.map(({part:t,holds:n,detail:a})=>{const r=c("span",n?"✓":"✕","mark")
r.setAttribute("aria-hidden","true")
const i=c("span",` – ${e(n?"ok":"failed")}`,n?"unseen":""),s=""===a?[]:[p(c("div",a,"said"))]
return c("li","",n?"holds":"fails",[r,document.createTextNode(e(`proves-${t}`)),i,...s])})
return[c("h3",e("checks-title")),c("ul","","checks",n)]}function p(e){return e.lang="en",e}function y({say:e},{notProved:t}){return 0===t.length?[]:[c("h3",e("open-title")),c("ul","","",t.map(t=>c("li",e(`open-${t}`))))]}function b(t,n){const{say:a}=t,{finding:r}=n,i=[]
if(null!==r.reason&&i.push([a("detail-reason"),r.reason]),r.unreadable.length>0&&i.push([a("detail-dates"),r.unreadable.join(", ")]),null!==r.asOf&&i.push([a("detail-block"),String(r.asOf.height)]),null!==r.restsOn&&i.push([a("detail-rests"),"genesis"===r.restsOn.anchor?a("rests-genesis"):a("rests-file",{height:r.restsOn.height})]),null!==r.logIndex&&i.push([a("detail-index"),String(r.logIndex)]),null!==r.commitment&&i.push([a("detail-commitment"),r.commitment]),r.signers.length>0){const e=r.signers.join(", ")
i.push([a("detail-signed"),a("detail-of",{signed:r.signers.length,validators:r.validators,names:e})])}const s=c("dl","","",i.flatMap(([e,t])=>[c("dt",e),c("dd",t)])),o=c("button",a("download"))
return o.setAttribute("type","button"),o.addEventListener("click",()=>function({pair:t,finding:n}){const a={finding:{...n,proof:void 0},name:t.name,receipt:e(t.receipt),document:null===t.document?null:e(t.document)},r=document.createElement("a")
r.href=URL.createObjectURL(new Blob([JSON.stringify(a,null,2)],{type:"application/json"})),r.download="sanad-evidence.json",r.click(),setTimeout(()=>URL.revokeObjectURL(r.href),6e4)}(n)),c("details","","",[c("summary",a("details-title")),s,c("p","","actions",[o])])}return{element:c,shownVerdict:d,toneOf:u,verdictBox:l,resultNodes:function(e,t,n){const{finding:a}=t,r=d(a,n)
return[l(e.say(`verdict-${r}`),u(r)),...f(e,t,n),...m(e,t),...w(e,a),...y(e,a),b(e,t)]}}})(),P=(()=>{const{Malformed:t}=e,{fingerprint:n}=a,{readCode:r}=i,{pairsOf:s,readText:o}=x,{WORDS_OF:h,speaker:c}=A,{codeInPicture:d,detector:u,scan:l}=M,{Unread:f,askExport:m,askNode:g,check:w,embeddedTrust:p,fetchBox:y,trustFrom:b}=R,{readConfig:k}=$,{element:v,resultNodes:S,verdictBox:_}=O
let E=navigator.language.startsWith("en")?"en":"id",T={export:"",node:"",trust:""},I=null,P=null
const U=e=>document.getElementById(e)
function N(){const{say:e}=c(E)
document.documentElement.lang=E,document.title=`${e("title")} – Sanad`
for(const t of document.querySelectorAll("[data-say]"))t.textContent=e(t.dataset.say??"")
U("language").lang="en"===E?"id":"en",function(){const{say:e,time:t,age:a}=c(E),r=U("trouble")
if(r.hidden=null!==I,r.textContent=null===I?e("trust-none"):"",U("trust-word").textContent="",U("fingerprint").textContent=null===I?"":n(I.chainId),null===I)return
const{name:i}=I.genesis,s=I.header
U("trust-word").textContent=null===s?e("trust-genesis",{name:i}):e("trust-file",{name:i,time:t(s.timeMs),age:a(s.timeMs,Date.now())})}(),B()}function B(){const e=c(E),t=U("result")
if(t.replaceChildren(),U("start").hidden=null!==P,U("another").hidden=null===P,null!==P){if("why"in P){const n=P.why in h.en?e.say(P.why):P.why
return void t.append(_(e.say("verdict-unread",{why:n}),"wait"))}for(const n of P.results)t.append(v("article","","",S(e,n,Date.now())))}}async function C(e){const t=U("result")
U("start").hidden=!0,t.setAttribute("aria-busy","true"),t.replaceChildren(v("p",c(E).say("working")))
try{if(null===I)throw new f("trust-none")
const t=[],n=location.protocol.startsWith("http")?""!==T.export?m(new URL(T.export,location.href).href):""===T.node?null:g(new URL(T.node,location.href).href):null
for(const a of await e())t.push(await w(I,a,n))
P={results:t}}catch(e){P={why:D(e)}}B(),t.removeAttribute("aria-busy"),scrollTo(0,0),t.focus({preventScroll:!0})}function D(e){if(e instanceof f||e instanceof t)return e.message
const{name:n,message:a}=e
return"NotSupportedError"===n||void 0===crypto.subtle?"no-crypto":a}const L=e=>C(async()=>{const t=o(e)
return["key"in t?await y(t.key,location.href):t.pair]})
async function j(e){const n=[]
for(const a of e){if(a.size>67108864)return C(()=>Promise.reject(new t("a file of more than 64 MiB")))
n.push({name:a.name,data:new Uint8Array(await a.arrayBuffer())})}return 1===e.length&&e[0].type.startsWith("image/")?null===u()?C(()=>Promise.reject(new f("camera-none"))):L(await d(e[0]).catch(()=>null)??""):C(()=>s(n))}function H(){null!==r(location.href)&&L(location.href)}let F=null
function X(){U("language").addEventListener("click",()=>{E="en"===E?"id":"en",N()}),U("another").addEventListener("click",()=>{P=null,N(),U("files").focus()})
const e=U("files")
e.addEventListener("change",async()=>{await j([...e.files??[]]),e.value=""}),U("paste").addEventListener("submit",e=>{e.preventDefault(),L(U("text").value)}),U("camera").addEventListener("click",()=>{!async function(){const{say:e}=c(E),[t,n,a]=[U("camera"),U("camera-word"),U("video")]
if(null!==F)return F.abort()
if(n.hidden=null!==u(),n.textContent=e("camera-none"),null===u())return
F=new AbortController,a.hidden=!1,t.textContent=e("camera-stop")
let r=null
try{r=await l(a,F.signal)}catch{n.hidden=!1,n.textContent=e("camera-denied")}F=null,a.hidden=!0,t.textContent=e("camera"),null===r||L(r)}()})
const t=U("trust-file")
t.addEventListener("change",()=>{t.files?.[0]&&async function(e){try{I=await b(new Uint8Array(await e.arrayBuffer()),Date.now()),P=null}catch(e){P={why:D(e)}}N()}(t.files[0])}),addEventListener("dragover",e=>{e.preventDefault(),U("drop").classList.add("over")}),addEventListener("dragleave",()=>U("drop").classList.remove("over")),addEventListener("drop",e=>{e.preventDefault(),U("drop").classList.remove("over"),j([...e.dataTransfer?.files??[]])}),addEventListener("hashchange",H)}return{startPage:async function(){X(),N()
try{T=await k(),I=await p(T.trust,Date.now())}catch(e){P={why:D(e)}}N(),null!==I&&H(),"serviceWorker"in navigator&&location.protocol.startsWith("http")&&navigator.serviceWorker.register("sw.js").catch(()=>{})}}})(),U=(()=>{const{derive:a}=n,{Reader:r,concat:i,decodeUtf8:h,equal:d,u64:u,unhex:l,utf8:f}=t,{Malformed:m}=e,{fields:g,integer:w,items:p,text:y}=c,{parseForm:b}=s,{LOG:k}=o,v={1:"revoked",2:"suspended",3:"active",8:"confirmed",9:"revoked",10:"revoked"},x=[10,11,12,13,15]
function S(e){const t=h(e).split("\n")
if(""!==t.pop())throw new m("a line without its end")
return t.map(e=>{const t=g(b(f(e),1048576),["first_index","entries"]),n=p(t.entries,65536,e=>l(y(e)))
if(0===n.length||n.some(({length:e})=>e>16384))throw new m("a run of another form")
return{first:w(t.first_index),entries:n}})}function A(e,t,n,a){const i=new r(a),[s,o]=[i.u8(),i.text8()]
if(o!==t&&!x.includes(s))throw new m("an entry of another member")
if(0===s&&e.set(n,"active"),!(s in v)||10===s&&o===t)return
const h=i.u64()
if(!e.has(h))throw new m("a change of what was not issued")
e.set(h,v[s])}return{countIssued:async function({record:e,rest:t},n,r){const s=new Map
let o=new Uint8Array(32),[h,c]=[0,0]
for(;c<t.events.count;){const d=c
for(const{first:t,entries:d}of S(await r(h))){if(t<h||t+d.length>n)throw new m("entries that are not in their order")
for(const[n,r]of d.entries())o=a("sanad/v1 member events",i(o,u(t+n),await k.leaf(r))),A(s,e.id,t+n,r)
h=t+d.length,c+=d.length}if(c===d||c>t.events.count)throw new m("the entries are not as many as the record says")}if(!d(o,t.events.head))throw new m("the entries are not those of the record")
const l={active:0,confirmed:0,suspended:0,disputed:0,revoked:0}
for(const[t,n]of s){l["active"===n&&e.disputed.some(({from:e,until:n})=>e<=t&&t<n)?"disputed":n]+=1}return l}}})(),N=(()=>{const{equal:n,unhex:r}=t,{Malformed:i}=e,{countIssued:h}=U,{fields:d,finalityOf:l,headerOf:f,recordProofOf:m}=c,{isObject:g,parseForm:w}=s,{TRUST_BYTES_MAX:p,blockHash:y,encodeRecord:b}=a,{above:k,read:v}=I,{checkRest:x,restOf:S}=E,{MEMBERS:A,membersRoot:M,rootOf:_,stateRoot:T}=o,{checkFinal:R}=u,$=async(e,t)=>w(await v(e,t,p),p)
function O(e,t){const n=d(e,["header","finality"])
return{header:f(n.header),finality:k(l(n.finality),t)}}async function P(e,t,a){const s=d(await $(e,`v1/members/${encodeURIComponent(a)}`),["format","proof","rest"]),o=d(s.proof,["member","status_root","others_root","header","finality"]),c=f(o.header)
await R(t,c,k(l(o.finality),t.header?.height??0))
const{record:u,index:g,count:w,path:p}=m(o.member),y=await _(A,await A.leaf(b(u)),g,w,p)
if(null===y||u.id!==a)throw new i("the path of the record does not fit its place")
const E=T(r(String(o.status_root)),M(w,y),r(String(o.others_root)))
if(!n(E,c.stateRoot))throw new i("the record is not that of the block")
const I=x(S(s.rest),u),O=t=>v(e,`v1/members/${encodeURIComponent(a)}/entries?from=${t}&size=${c.logSize}`,8388608)
return{record:u,rest:I,count:()=>h({record:u,rest:I},c.logSize,O)}}return{readNode:async function(e,t){const n=t.header?.height??0,{header:a,finality:r}=O(await $(e,"v1/headers/latest"),n),i=await R(t,a,r),s=Math.max(1,a.height-20+1),{headers:o}=d(await $(e,`v1/headers?from=${s}&limit=20`),["headers"]),h=[]
for(const e of Array.isArray(o)?o:[]){const a=O(e,n)
await R(t,a.header,a.finality),h.unshift({header:a.header,hash:y(a.header)})}const c=[]
for(const n of await async function(e){const t=[]
for(let n="";;){const a=d(await $(e,`v1/members?limit=100${n}`),["members","more"])
for(const e of Array.isArray(a.members)?a.members:[]){const n=g(e)&&g(e.record)?e.record:{}
t.push(String(n.id))}if(!0!==a.more||0===t.length)return t
n=`&after=${encodeURIComponent(t[t.length-1])}`}}(e))c.push(await P(e,t,n))
return{header:a,basis:i,members:c,blocks:h}}}})(),B=(()=>{const{Reader:n,equal:r}=t,{readHeader:i}=d,{STATE_BYTES_MAX:s,TILE_HASHES:h,bundleName:c,headHeight:l,needed:f,readState:m}=T,{Malformed:g}=e,{TRUST_BYTES_MAX:w,blockHash:p,encodeRecord:y,pastHash:b}=a,{MEMBERS:k,STATUS:v,membersRoot:x,rootOver:S,stateRoot:A}=o,{checkFinal:M,readTrust:_}=u,E=64<<20
async function I(e,t){const a=Math.floor((t.height-1)/h),s=t.height-a*h,o=`block/${c(a)}`,d=s<h?await e(`${o}.p/${s}`,E):null,u=new n(d??await f(e,o,E)),l=Array.from({length:s},()=>new n(u.take(u.u32()))),m=[]
let w=p(t)
for(const e of l.reverse()){const t=i(e),n={previous:e.hash(),historyRoot:e.hash(),batchesRoot:e.hash()}
if(!r(p(t),w)||!r(b(n),t.past))throw new g("a block is not the one before the next")
m.push({header:t,hash:w}),w=n.previous}return m}return{readLedger:async function(e,t){const n=await l(e),a=_(await f(e,`trust/${n}.trust`,w)),{header:i,certificate:o}=a,h=t.header?.height??0,c=a.changes.map(({change:e})=>e).filter(({header:e})=>e.height>h&&e.height<i.height),d=await M(t,i,{by:"certificate",certificate:o,changes:c}),u=await m(await f(e,`state/${n}`,s)),p=await Promise.all(u.records.map(e=>k.leaf(y(e)))),b=x(p.length,await S(k,p))
if(!r(A(await S(v,u.pageRoots),b,u.othersRoot),i.stateRoot))throw new g("the members are not those of the block")
return{header:i,basis:d,members:u.members.map(e=>({...e,count:null})),blocks:await I(e,i)}}}})(),C=(()=>{const{hex:e}=t,{ROLES:n,STANDINGS:r}=a,{PURPOSES:i}=E,{element:s}=O
function o(e,{record:t,rest:n,count:a},r,i){if(null===a)return[s("p",e("counts-unavailable"))]
if(void 0===r){const a=s("button",e("counts-do",{entries:n.events.count}))
return a.id=`count-${t.id}`,a.addEventListener("click",i),[a]}if("counting"===r)return[s("p",e("working"))]
if("why"in r)return[s("p",e("explorer-error",r),"trouble")]
const{height:o,counts:h}=r
return[s("p",e("counts",{height:o,...h,issued:Object.values(h).reduce((e,t)=>e+t,0)}))]}function h(e,t){const n=e.map(e=>{const t=s("th",e)
return t.setAttribute("scope","col"),t}),a=e=>"string"==typeof e?s("td",e):s("td","","",[e]),r=t.map(e=>s("tr","","",e.map(a)))
return s("table","","",[s("thead","","",[s("tr","","",n)]),s("tbody","","",r)])}return{memberNode:function({say:t},a,c,d){const{record:u,rest:l}=a,f=({from:e,until:n})=>void 0===n?t("range-open",{from:e}):t("range",{from:e,until:n}),m=[t("member-role",{role:t(`role-${n[l.role]}`)}),t("standing-since",{standing:t(`standing-${r[u.standing]}`),height:u.since}),...u.disputed.map(e=>t("member-disputed",{range:f(e)})),...l.facts.map(({name:e,value:t})=>`${e}: ${t}`)],g=s("h3",`${u.name} (${u.id})`)
g.id=`member-${u.id}`
const w=s("section","","member",[g,s("ul","","",m.map(e=>s("li",e))),h([t("member-keys"),t("member-key"),t("member-range")],l.keys.map(n=>[t(`key-${i[n.purpose]}`),`${e(n.key).slice(0,16)}…`,f(n)])),h([t("member-ids"),t("member-range")],u.issuerIds.map(e=>[e.id,f(e)])),...o(t,a,c,d)])
return w.setAttribute("aria-labelledby",g.id),w},table:h}})(),D=(()=>{const{hex:e}=t,{readNode:n}=N,{readLedger:r}=B,{overHttp:i}=T,{STANDINGS:s}=a,{speaker:o}=A,{embeddedTrust:h}=R,{readConfig:c}=$,{memberNode:d,table:u}=C,{element:l}=O
let f=navigator.language.startsWith("en")?"en":"id",m=null
const g=new Set,w=new Map
let p=!1
function y(){const t=o(f)
document.documentElement.lang=f,document.title=`${t.say("explorer")} – Sanad`
for(const e of document.querySelectorAll("[data-say]"))e.textContent=t.say(e.dataset.say??"")
const n=document.getElementById("ledger")
if(null===m)n.replaceChildren(l("p",t.say("working")))
else if("why"in m)n.replaceChildren(l("p",""===m.why?t.say("explorer-none"):t.say("explorer-error",m),"trouble"))
else{const a=document.activeElement?.id??""
n.replaceChildren(...function(t,{header:n,basis:a,members:r,blocks:i}){const{say:o,time:h,age:c}=t,f=o("explorer-head",{height:n.height,time:h(n.timeMs),age:c(n.timeMs,Date.now()),signed:a.signers.length,validators:a.validators,entries:n.logSize}),m=e=>o("standing-since",{standing:o(`standing-${s[e.standing]}`),height:e.since})
return[l("p",f),l("h2",o("members")),u([o("member-name"),o("member-standing"),o("member-entries")],r.map(e=>[b(e),m(e.record),String(e.rest.events.count)])),...r.filter(({record:e})=>g.has(e.id)).map(e=>d(t,e,w.get(e.record.id),()=>{!async function({record:{id:e},count:t},n){if(null===t)return
w.set(e,"counting"),y()
try{w.set(e,{height:n,counts:await t()})}catch(t){w.set(e,{why:t.message})}y()}(e,n.height)})),l("h2",o("blocks")),u([o("detail-block"),o("block-time"),o("block-log"),o("block-hash")],i.slice(0,20).map(t=>[String(t.header.height),h(t.header.timeMs),String(t.header.logSize),`${e(t.hash).slice(0,16)}…`]))]}(t,m)),""!==a&&document.getElementById(a)?.focus({preventScroll:!0})}}function b({record:{id:e,name:t}}){const n=l("button",`${t} (${e})`,"plain")
return n.id=`open-${e}`,n.setAttribute("aria-expanded",String(g.has(e))),n.addEventListener("click",()=>{g.delete(e)||g.add(e),y()}),n}async function k(){try{const e=await c(),t=await h(e.trust,Date.now())
p=""===e.export&&""!==e.node,m=null===t?{why:""}:p?await n(new URL(e.node,location.href).href,t):""===e.export?{why:""}:await r(i(new URL(e.export,location.href).href),t)}catch(e){m={why:e.message}}y(),p&&setTimeout(k,3e3)}return{startExplorer:async function(){document.getElementById("language")?.addEventListener("click",()=>{f="en"===f?"id":"en",y()}),y(),await k()}}})();(()=>{const{startPage:e}=P,{startExplorer:t}=D
null===document.getElementById("ledger")?e():t()})()
