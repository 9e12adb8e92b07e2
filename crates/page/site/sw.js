const e="sanad-73ce178d91b4b9ab",t=["./","explorer.html","style.css","page.js"],n=["config.json"],a=self,i=a.registration.scope.replace(/\/?$/,"/"),s=i.slice(0,-1),c=e=>e.map(e=>new URL(e,i).href)
a.addEventListener("install",i=>{i.waitUntil(caches.open(e).then(e=>e.addAll(c([...t,...n]))).then(()=>a.skipWaiting()))}),a.addEventListener("activate",t=>{const n=caches.keys().then(t=>Promise.all(t.filter(t=>t!==e).map(e=>caches.delete(e))))
t.waitUntil(n.then(()=>a.clients.claim()))}),a.addEventListener("fetch",a=>{const{request:o}=a,[r]=o.url.split("navigate"===o.mode?/[?#]/:"#",1)
if("GET"!==o.method)return
if(r===s&&"navigate"===o.mode&&a.respondWith(Response.redirect(i,302)),!c([...t,...n]).includes(r))return
const l=fetch(o)
a.waitUntil(l.then(t=>t.ok&&c(n).includes(r)?async function(t,n){await(await caches.open(e)).put(t,n)}(r,t.clone()):void 0,()=>{})),a.respondWith(async function(e,t){const n=new Promise(e=>setTimeout(e,4e3)),a=await Promise.race([t.catch(()=>{}),n])
return void 0!==a&&(a.ok||"opaqueredirect"===a.type||[404,410].includes(a.status))?a:await caches.match(e)??t}(r,l))})
