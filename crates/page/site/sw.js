const e="sanad-be7561258ada745d",t=["./","explorer.html","style.css","page.js"],n=["config.json"],a=self
a.addEventListener("install",s=>{s.waitUntil(caches.open(e).then(e=>e.addAll([...t,...n])).then(()=>a.skipWaiting()))}),a.addEventListener("activate",t=>{const n=caches.keys().then(t=>Promise.all(t.filter(t=>t!==e).map(e=>caches.delete(e))))
t.waitUntil(n.then(()=>a.clients.claim()))}),a.addEventListener("fetch",s=>{const{request:i}=s,c=i.url.split("#",1)[0],l=e=>e.some(e=>new URL(e,a.registration.scope).href===c)
"GET"===i.method&&l([...t,...n])&&s.respondWith(fetch(i).then(t=>(t.ok&&l(n)&&s.waitUntil(async function(t,n){await(await caches.open(e)).put(t,n)}(c,t.clone())),t),()=>caches.match(c)))})
