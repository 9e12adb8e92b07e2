const e="sanad-d47d5aaa8e5c6acf",t=["./","explorer.html","style.css","page.js"],a=["config.json"],n=self
n.addEventListener("install",s=>{s.waitUntil(caches.open(e).then(e=>e.addAll([...t,...a])).then(()=>n.skipWaiting()))}),n.addEventListener("activate",t=>{const a=caches.keys().then(t=>Promise.all(t.filter(t=>t!==e).map(e=>caches.delete(e))))
t.waitUntil(a.then(()=>n.clients.claim()))}),n.addEventListener("fetch",s=>{const{request:c}=s,i=c.url.split("#",1)[0],l=e=>e.some(e=>new URL(e,n.registration.scope).href===i)
"GET"===c.method&&l([...t,...a])&&s.respondWith(fetch(c).then(t=>(t.ok&&l(a)&&s.waitUntil(async function(t,a){await(await caches.open(e)).put(t,a)}(i,t.clone())),t),()=>caches.match(i)))})
