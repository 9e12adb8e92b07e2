# Bunyi sebuah temuan dalam bahasa Indonesia. Kuncinya sama dengan en.ftl; sebuah pengujian membandingkannya.

verdict-active = aktif
verdict-confirmed = aktif, dikukuhkan
verdict-proved = terbukti
verdict-stale = bukti terlalu lama
verdict-suspended = ditangguhkan
verdict-disputed = dipersengketakan
verdict-revoked = dicabut
verdict-tampered = telah diubah
verdict-not-proven = tidak terbukti
verdict-needs-history-path = memerlukan jalur riwayat
verdict-foreign-chain = dari rantai lain
verdict-could-not-be-checked = tidak dapat diperiksa
verdict-renew = perlu diperbarui
verdict-clock = tidak dapat diperiksa: jam komputer ini salah
verdict-needs-trust-file = memerlukan berkas kepercayaan
verdict-needs-newer-verifier = memerlukan program pemeriksa yang lebih baru

credential-good = tanda tangan benar
credential-key-unproven = tanda tangan benar, tetapi tidak terbukti milik penerbit
credential-not-checked = tidak diperiksa
credential-unsigned = tidak ditandatangani
credential-not-yet-valid = belum berlaku
credential-expired = sudah tidak berlaku
credential-not-covered = tanda tangan tidak mencakup seluruhnya
credential-malformed = melanggar aturan model datanya
credential-inconsistent = bertentangan dengan dirinya sendiri
credential-bad = tanda tangan salah

headline = { $target }: { $verdict }
headline-parts = { " " }({ $parts })
headline-as-of = { " " }per { $time } ({ $age })
headline-issuer = , dimasukkan oleh { $name }
headline-not-seen = ; dokumen tidak dilihat
headline-not-asked = ; tidak ditanyakan lagi sejak itu
headline-asked = , baru saja ditanyakan ke { $source }
headline-unanswered = ; saat ini tidak dapat diperiksa di { $source }
headline-expired = ; sudah lewat masa berlakunya menurut ringkasannya
headline-looks-like = ; BUKAN { $name } ({ $member }) yang memasukkannya, walaupun nama penerbitnya, "{ $claimed }", mirip dengan itu
headline-credential = ; sebagai kredensial: { $verdict }

totals = { $count } dokumen: { $counts }
totals-without = { $count } tanpa temuan

time = { $day } { $month } { $year } { $clock } UTC
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = Mei
month-6 = Jun
month-7 = Jul
month-8 = Agu
month-9 = Sep
month-10 = Okt
month-11 = Nov
month-12 = Des

age-now = baru saja
age-past = { $amount } lalu
age-tolerated = { $amount } di depan jam komputer ini, masih ditoleransi
age-future = { $amount } di depan jam komputer ini: periksa jamnya
amount-days = { $count } hari
amount-hours = { $count } jam
amount-minutes = { $count } menit
amount-seconds = { $count } detik

fact-because = sebab
fact-as-of = per
fact-existed-by = sudah ada pada
fact-issuer = penerbit
fact-log-index = nomor entri
fact-signed-by = ditandatangani
fact-rests-on = bersandar pada
fact-disclosed = ditunjukkan pemegang, { $claim }
fact-always = selalu tampak, { $claim }
fact-as-of-value = blok { $height }, { $time } ({ $age })
fact-sealed = { $as-of }; bersegel, jadi memang lama
fact-standing = { $issuer }, { $standing } sejak blok { $height }
fact-standing-from = { $issuer }, { $standing } mulai blok { $height }
fact-signed-by-value = { $count } dari { $validators }: { $names }
rests-on-genesis = genesis saja
rests-on-trust-file = berkas kepercayaan dari blok { $height }, { $time } ({ $age })

summary-holder = pemegang
summary-title = judul
summary-awarded-on = diberikan pada
summary-credits = kredit
summary-number = nomor
summary-level = jenjang
summary-valid-until = berlaku sampai
summary-programme = program

standing-frozen = dibekukan
standing-suspended = ditangguhkan
standing-retired = telah keluar

check-ok = { "  " }[ya] { $part }: { $proves } ({ $detail })
check-no = { "  " }[TIDAK] { $part }: { $detail }
open = { "  " }tidak terbukti: { $text }
by-itself = { "  " }dokumen itu sendiri:

proves-encoding = isinya terbaca sampai akhir
proves-header = kepala blok berbentuk benar, dengan tata letak yang dikenal program ini
proves-chain = berasal dari konsorsium genesis ini
proves-anchor = yang dipercaya menjangkau kepala blok dan cukup baru untuk menjamin tanda tangan
proves-validators = inilah para validator pada ketinggian itu
proves-certificate = lebih dari 2/3 validator menandatangani blok itu
proves-history = kepala blok ada dalam riwayat yang dijamin berkas kepercayaan atau blok yang lebih baru
proves-inclusion = penerbit memasukkannya ke dalam log, pada blok ini atau sebelumnya
proves-issuer = nama dan kedudukan penerbit per blok itu
proves-status = statusnya per blok itu
proves-state = status, catatan anggota dan bagian lainnya adalah milik blok itu
proves-document = dokumen inilah yang dimasukkan
proves-summary = ringkasan inilah yang dimasukkan, dan tidak bertentangan dengan apa pun yang dilihat
proves-issuer-id = penerbit yang disebut dokumen adalah anggota ini
proves-age = blok itu tidak lebih tua daripada yang diizinkan
proves-online = status per blok terakhir dari simpul atau ekspor yang ditanyai
proves-log = log lama adalah awal dari log baru
proves-entries = inilah semua entri yang menyangkut anggota itu

open-document-not-seen = isi dokumen selain ringkasannya: dokumen tidak dilihat
open-summary-not-compared = bahwa dokumen menyatakan apa yang dinyatakan ringkasan: dokumen jenis { $kind } tidak dibandingkan dengannya
open-summary-without-rule = bahwa dokumen menyatakan apa yang dinyatakan ringkasan: tidak ada aturan untuk membandingkannya
open-issuer-not-named = bahwa dokumen menyebut { $member } sebagai penerbitnya: dokumen tidak menyebut penerbit
open-issuer-not-searched = bahwa dokumen menyebut { $member } sebagai penerbitnya: dokumen jenis bytes tidak ditelusuri
open-holder-not-checked = bahwa yang menunjukkannya adalah pemegangnya: pemegang tidak diperiksa
open-credential-not-checked = tanda tangan dan tanggal dokumen itu sendiri, yang hanya diperiksa bila dokumen inilah yang dimasukkan
open-status-after = status setelah blok { $height }, { $time }
open-status-not-answered = status saat ini: { $source } tidak membuktikan apa pun
open-looks-like = bahwa { $name } ({ $member }), yang namanya mirip dengan "{ $claimed }", berkaitan dengan ini
open-truth = bahwa isinya benar, atau siapa yang menunjukkannya

part-encoding = pengodean
part-header = kepala blok
part-chain = rantai
part-anchor = jangkar
part-validators = validator
part-certificate = sertifikat
part-history = riwayat
part-inclusion = keanggotaan log
part-issuer = penerbit
part-status = status
part-state = keadaan
part-document = dokumen
part-summary = ringkasan
part-issuer-id = id penerbit
part-age = usia
part-online = daring
part-log = log
part-entries = entri

credential-issuer = { $issuer }, menurut dokumen
credential-line-ok = { "  " }[ya] { $text }
credential-line-no = { "  " }[TIDAK] { $text }
credential-line-open = { "  " }[--] { $text }
credential-no-signature = tanda tangan: tidak ada dalam dokumen
credential-signature = tanda tangan { $method }: { $state }
credential-by-key = { $signature }, dengan kunci { $key }
credential-entered = { $signature }, dengan kunci { $key }; milik siapa kunci itu tidak perlu diketahui: { $issuer } memasukkan kredensial ini ke buku besar berikut tanda tangan tersebut
credential-uncovered = tidak tercakup tanda tangan itu: { $places }
credential-model = model data: { $fault }
credential-validity = masa berlaku: { $validity }
signature-good = benar
signature-bad = salah
signature-not-checked = tidak diperiksa

headline-proof = { $target }: { $verdict }: { $text }
consistency-proved = log lama adalah awal dari log baru
completeness-proved = inilah semua peristiwa penerbit itu
fork-proved = PERCABANGAN, { $kind }
fork-heights = dua blok final pada satu ketinggian
fork-revocation = pencabutan yang dibatalkan
fork-log = dua log berukuran sama
fork-blocks = { $older } dan { $newer }, keduanya final, saling bertentangan
evidence-equivocation = satu validator menandatangani dua pernyataan untuk satu putaran
fact-attribution = tanggung jawab
attribution-member = { $member } menandatangani keduanya: dua { $statement ->
    [proposal] usulan
    [prevote] suara pertama
   *[precommit] suara kedua
} pada ketinggian { $height } di putaran { $round }
attribution-rounds = tidak pada siapa pun oleh kedua sertifikat ini saja: yang satu dari putaran { $one }, yang lain dari putaran { $other }, dan satu suara di tiap putaran dapat saja jujur; suara di antaranya akan menunjukkan milik siapa yang tidak
attribution-heights = tidak pada siapa pun oleh pernyataan ini saja: keduanya dari dua ketinggian atau dua himpunan; dua tajuk final pada satu ketinggian akan menunjukkan lebih banyak
attribution-no-certificate = tidak pada siapa pun oleh pernyataan ini saja: salah satunya final oleh sejarah, dan tanda tangan siapa pun atasnya tidak ada di sini
fact-older-log = log lama
fact-newer-log = log baru
fact-log-value = { $size } entri, akar { $root }
fact-as-of-block = blok { $height }, { $time }
fact-as-of-log = blok { $height }, { $time }, log dengan { $size } entri
fact-signed-by-count = { $count } dari { $validators } validator
fact-events = peristiwa
fact-credentials = kredensial
fact-blocks = blok
