const e="sanad-d88e08e8e0938766",t=["./","explorer.html","style.css","page.js"],n=["config.json"],s=self
s.addEventListener("install",a=>{a.waitUntil(caches.open(e).then(e=>e.addAll([...t,...n])).then(()=>s.skipWaiting()))}),s.addEventListener("activate",t=>{const n=caches.keys().then(t=>Promise.all(t.filter(t=>t!==e).map(e=>caches.delete(e))))
t.waitUntil(n.then(()=>s.clients.claim()))}),s.addEventListener("fetch",a=>{const{request:i}=a,c=i.url.split("#",1)[0],l=e=>e.some(e=>new URL(e,s.registration.scope).href===c)
"GET"===i.method&&l([...t,...n])&&a.respondWith(fetch(i).then(t=>(t.ok&&l(n)&&a.waitUntil(async function(t,n){await(await caches.open(e)).put(t,n)}(c,t.clone())),t),()=>caches.match(c)))})
